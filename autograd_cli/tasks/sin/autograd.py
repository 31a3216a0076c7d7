"""Level 3, autograd: the coefficients ask for gradients, and one backward() replaces those by hand."""

from functools import partial

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Sin:
    """y_pred = a + b x + c x² + d x³ with x (N,) and scalar coefficients; loss = Σ (y_pred - y)²."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        self.x2, self.x3 = self.x**2, self.x**3
        self.a, self.b, self.c, self.d = (tensor(problem.start[name], requires_grad=True) for name in "abcd")
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        y_pred = self.a + self.b * self.x + self.c * self.x2 + self.d * self.x3
        return (y_pred - self.y).pow(2).sum()

    def backward(self, loss: torch.Tensor) -> None:
        self.a.grad = self.b.grad = self.c.grad = self.d.grad = None  # or backward() would add to them
        loss.backward()  # walks the graph that forward() left behind, to a.grad, b.grad, c.grad and d.grad

    def update(self) -> None:
        with torch.no_grad():  # the update itself is no part of the graph
            self.a -= self.lr * self.a.grad
            self.b -= self.lr * self.b.grad
            self.c -= self.lr * self.c.grad
            self.d -= self.lr * self.d.grad

    parameters = property(lambda self: {"a": self.a, "b": self.b, "c": self.c, "d": self.d})
    gradients = property(
        lambda self: {"a": self.a.grad, "b": self.b.grad, "c": self.c.grad, "d": self.d.grad}
    )
