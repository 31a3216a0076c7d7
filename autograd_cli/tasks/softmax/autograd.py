"""Level 3, autograd: weight and bias ask for gradients, and one backward() replaces the derivation."""

from functools import partial

import torch
from torch.nn.functional import binary_cross_entropy

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Softmax:
    """outputs = softmax(x w + b) with x (D_in,), w (D_in, D_out), b (D_out,); loss = binary cross-entropy."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        self.w = tensor(problem.start["w"], requires_grad=True)
        self.b = tensor(problem.start["b"], requires_grad=True)
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        z = self.x @ self.w + self.b
        outputs = z.softmax(dim=0)
        return binary_cross_entropy(outputs, self.y)  # near an output of 1 it loses digits that `numpy` keeps

    def backward(self, loss: torch.Tensor) -> None:
        self.w.grad = self.b.grad = None  # or backward() would add to them
        loss.backward()  # walks the graph that forward() left behind, to w.grad and b.grad

    def update(self) -> None:
        with torch.no_grad():  # the update itself is no part of the graph
            self.w -= self.lr * self.w.grad
            self.b -= self.lr * self.b.grad

    parameters = property(lambda self: {"w": self.w, "b": self.b})
    gradients = property(lambda self: {"w": self.w.grad, "b": self.b.grad})
