"""Level 3, autograd: the weights ask for gradients, and one backward() replaces the chain rule by hand."""

from functools import partial

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Mlp:
    """y_pred = relu(x w1) w2 with x (N, D_in), w1 (D_in, H), w2 (H, D_out); loss = Σ (y_pred - y)²."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        self.w1 = tensor(problem.start["w1"], requires_grad=True)
        self.w2 = tensor(problem.start["w2"], requires_grad=True)
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        h = self.x @ self.w1
        h_relu = h.relu()
        y_pred = h_relu @ self.w2
        return (y_pred - self.y).pow(2).sum()

    def backward(self, loss: torch.Tensor) -> None:
        self.w1.grad = self.w2.grad = None  # or backward() would add to them
        loss.backward()  # walks the graph that forward() left behind, to w1.grad and w2.grad

    def update(self) -> None:
        with torch.no_grad():  # the update itself is no part of the graph
            self.w1 -= self.lr * self.w1.grad
            self.w2 -= self.lr * self.w2.grad

    parameters = property(lambda self: {"w1": self.w1, "w2": self.w2})
    gradients = property(lambda self: {"w1": self.w1.grad, "w2": self.w2.grad})
