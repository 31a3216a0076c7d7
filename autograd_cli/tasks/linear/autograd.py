"""Level 3, autograd: weight and bias ask for gradients, and one backward() replaces those by hand."""

from functools import partial

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Linear:
    """y_pred = x w + b with x (N, 1), w (1, 1), b (1,); loss = mean of (y_pred - y)²."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        self.w = tensor(problem.start["w"], requires_grad=True)
        self.b = tensor(problem.start["b"], requires_grad=True)
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        y_pred = self.x @ self.w + self.b
        return (y_pred - self.y).pow(2).mean()

    def backward(self, loss: torch.Tensor) -> None:
        self.w.grad = self.b.grad = None  # or backward() would add to them
        loss.backward()  # walks the graph that forward() left behind, to w.grad and b.grad

    def update(self) -> None:
        with torch.no_grad():  # the update itself is no part of the graph
            self.w -= self.lr * self.w.grad
            self.b -= self.lr * self.b.grad

    parameters = property(lambda self: {"w": self.w, "b": self.b})
    gradients = property(lambda self: {"w": self.w.grad, "b": self.b.grad})
