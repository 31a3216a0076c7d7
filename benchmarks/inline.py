"""The levels' loops without verbs, recording or display: plain functions on local variables.

Each does what the level of the same name does in `autograd_cli/tasks/`, from the same start, reads the loss
at every step, and returns the seconds that its loop took. `overhead.py` holds the levels against them.
"""

# ruff: noqa: D103, PLW2901 - sixteen functions with one description; parameters are updated in place

from collections.abc import Iterable
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import nn

from autograd_cli.tasks.mlp.dynamic import DynamicNet
from autograd_cli.tasks.mlp.function import ReLU
from autograd_cli.tasks.mlp.module import TwoLayerNet
from autograd_cli.tasks.sin.dynamic import DynamicPolynomial
from autograd_cli.tasks.sin.function import LegendrePolynomial3
from autograd_cli.tasks.sin.module import Polynomial3


def mlp_numpy(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = problem.x.astype(config.dtype), problem.y.astype(config.dtype)
    w1, w2 = (problem.start[name].astype(config.dtype) for name in ("w1", "w2"))
    start_s = perf_counter()
    for _ in range(config.steps):
        h = x @ w1
        h_relu = np.maximum(h, 0)
        y_pred = h_relu @ w2
        loss = np.square(y_pred - y).sum()
        loss.item()
        grad_y_pred = 2.0 * (y_pred - y)
        grad_w2 = h_relu.T @ grad_y_pred
        grad_h = (grad_y_pred @ w2.T) * (h > 0)
        grad_w1 = x.T @ grad_h
        w1 -= lr * grad_w1
        w2 -= lr * grad_w2
    return perf_counter() - start_s


def mlp_tensor(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = _tensors(problem, config)
    w1, w2 = _parameters(problem, config, ("w1", "w2"))
    start_s = perf_counter()
    for _ in range(config.steps):
        h = x @ w1
        h_relu = h.clamp(min=0)
        y_pred = h_relu @ w2
        loss = (y_pred - y).pow(2).sum()
        loss.item()
        grad_y_pred = 2.0 * (y_pred - y)
        grad_w2 = h_relu.T @ grad_y_pred
        grad_h = (grad_y_pred @ w2.T) * (h > 0)
        grad_w1 = x.T @ grad_h
        w1 -= lr * grad_w1
        w2 -= lr * grad_w2
    return perf_counter() - start_s


def mlp_autograd(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = _tensors(problem, config)
    w1, w2 = _parameters(problem, config, ("w1", "w2"), requires_grad=True)
    start_s = perf_counter()
    for _ in range(config.steps):
        loss = ((x @ w1).relu() @ w2 - y).pow(2).sum()
        loss.item()
        loss.backward()
        with torch.no_grad():
            for p in (w1, w2):
                p -= lr * p.grad
                p.grad = None
    return perf_counter() - start_s


def mlp_function(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = _tensors(problem, config)
    w1, w2 = _parameters(problem, config, ("w1", "w2"), requires_grad=True)
    start_s = perf_counter()
    for _ in range(config.steps):
        loss = (ReLU.apply(x @ w1) @ w2 - y).pow(2).sum()
        loss.item()
        loss.backward()
        with torch.no_grad():
            for p in (w1, w2):
                p -= lr * p.grad
                p.grad = None
    return perf_counter() - start_s


def mlp_nn(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = _tensors(problem, config)
    model = nn.Sequential(
        nn.Linear(x.shape[1], config.options["H"]), nn.ReLU(), nn.Linear(config.options["H"], y.shape[1])
    )
    loss_fn = nn.MSELoss(reduction="sum")
    start_s = perf_counter()
    for _ in range(config.steps):
        loss = loss_fn(model(x), y)
        loss.item()
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= lr * p.grad
    return perf_counter() - start_s


def mlp_optim(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = _tensors(problem, config)
    model = nn.Sequential(
        nn.Linear(x.shape[1], config.options["H"]), nn.ReLU(), nn.Linear(config.options["H"], y.shape[1])
    )
    loss_fn = nn.MSELoss(reduction="sum")
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    start_s = perf_counter()
    for _ in range(config.steps):
        loss = loss_fn(model(x), y)
        loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return perf_counter() - start_s


def mlp_module(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = _tensors(problem, config)
    model = TwoLayerNet(x.shape[1], config.options["H"], y.shape[1], bias=True)
    loss_fn = nn.MSELoss(reduction="sum")
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    start_s = perf_counter()
    for _ in range(config.steps):
        loss = loss_fn(model(x), y)
        loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return perf_counter() - start_s


def mlp_dynamic(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = _tensors(problem, config)
    model = DynamicNet(x.shape[1], config.options["H"], y.shape[1], bias=True)
    depths = problem.choices(4)
    loss_fn = nn.MSELoss(reduction="sum")
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    start_s = perf_counter()
    for _ in range(config.steps):
        loss = loss_fn(model(x, depth=next(depths)), y)
        loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return perf_counter() - start_s


def sin_numpy(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = problem.x.astype(config.dtype), problem.y.astype(config.dtype)
    x2, x3 = x**2, x**3
    a, b, c, d = (np.dtype(config.dtype).type(problem.start[name]) for name in "abcd")
    start_s = perf_counter()
    for _ in range(config.steps):
        y_pred = a + b * x + c * x2 + d * x3
        loss = np.square(y_pred - y).sum()
        loss.item()
        grad_y_pred = 2.0 * (y_pred - y)
        grad_a = grad_y_pred.sum()
        grad_b = (grad_y_pred * x).sum()
        grad_c = (grad_y_pred * x2).sum()
        grad_d = (grad_y_pred * x3).sum()
        a -= lr * grad_a
        b -= lr * grad_b
        c -= lr * grad_c
        d -= lr * grad_d
    return perf_counter() - start_s


def sin_tensor(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = _tensors(problem, config)
    x2, x3 = x**2, x**3
    a, b, c, d = _parameters(problem, config, "abcd")
    start_s = perf_counter()
    for _ in range(config.steps):
        y_pred = a + b * x + c * x2 + d * x3
        loss = (y_pred - y).pow(2).sum()
        loss.item()
        grad_y_pred = 2.0 * (y_pred - y)
        grad_a = grad_y_pred.sum()
        grad_b = (grad_y_pred * x).sum()
        grad_c = (grad_y_pred * x2).sum()
        grad_d = (grad_y_pred * x3).sum()
        a -= lr * grad_a
        b -= lr * grad_b
        c -= lr * grad_c
        d -= lr * grad_d
    return perf_counter() - start_s


def sin_autograd(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = _tensors(problem, config)
    x2, x3 = x**2, x**3
    a, b, c, d = _parameters(problem, config, "abcd", requires_grad=True)
    start_s = perf_counter()
    for _ in range(config.steps):
        y_pred = a + b * x + c * x2 + d * x3
        loss = (y_pred - y).pow(2).sum()
        loss.item()
        loss.backward()
        with torch.no_grad():
            for p in (a, b, c, d):
                p -= lr * p.grad
                p.grad = None
    return perf_counter() - start_s


def sin_function(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = _tensors(problem, config)
    a, b, c, d = _parameters(problem, config, "abcd", requires_grad=True)
    start_s = perf_counter()
    for _ in range(config.steps):
        y_pred = a + b * LegendrePolynomial3.apply(c + d * x)
        loss = (y_pred - y).pow(2).sum()
        loss.item()
        loss.backward()
        with torch.no_grad():
            for p in (a, b, c, d):
                p -= lr * p.grad
                p.grad = None
    return perf_counter() - start_s


def sin_nn(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = _tensors(problem, config)
    xx = torch.stack([x, x**2, x**3], dim=1)
    model = nn.Sequential(nn.Linear(3, 1), nn.Flatten(0, 1))
    loss_fn = nn.MSELoss(reduction="sum")
    start_s = perf_counter()
    for _ in range(config.steps):
        loss = loss_fn(model(xx), y)
        loss.item()
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for p in model.parameters():
                p -= lr * p.grad
    return perf_counter() - start_s


def sin_optim(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = _tensors(problem, config)
    xx = torch.stack([x, x**2, x**3], dim=1)
    model = nn.Sequential(nn.Linear(3, 1), nn.Flatten(0, 1))
    loss_fn = nn.MSELoss(reduction="sum")
    optimizer = torch.optim.RMSprop(model.parameters(), lr=lr)
    start_s = perf_counter()
    for _ in range(config.steps):
        loss = loss_fn(model(xx), y)
        loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return perf_counter() - start_s


def sin_module(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = _tensors(problem, config)
    x2, x3 = x**2, x**3
    model = Polynomial3(*_parameters(problem, config, "abcd"))
    loss_fn = nn.MSELoss(reduction="sum")
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    start_s = perf_counter()
    for _ in range(config.steps):
        loss = loss_fn(model(x, x2, x3), y)
        loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return perf_counter() - start_s


def sin_dynamic(problem: Any, config: Any) -> float:
    lr = config.lr
    x, y = _tensors(problem, config)
    powers = (x, x**2, x**3, x**4, x**5)
    model = DynamicPolynomial(*_parameters(problem, config, "abcde"))
    extra_terms = problem.choices(3)
    loss_fn = nn.MSELoss(reduction="sum")
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    start_s = perf_counter()
    for _ in range(config.steps):
        loss = loss_fn(model(*powers, extra_terms=next(extra_terms)), y)
        loss.item()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return perf_counter() - start_s


def _tensors(problem: Any, config: Any) -> tuple[torch.Tensor, torch.Tensor]:
    dtype = getattr(torch, config.dtype)
    return torch.tensor(problem.x, dtype=dtype), torch.tensor(problem.y, dtype=dtype)


def _parameters(
    problem: Any, config: Any, names: Iterable[str], *, requires_grad: bool = False
) -> list[torch.Tensor]:
    dtype = getattr(torch, config.dtype)
    return [torch.tensor(problem.start[name], dtype=dtype, requires_grad=requires_grad) for name in names]
