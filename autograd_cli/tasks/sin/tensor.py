"""Level 2, tensors: torch in NumPy's place. The mathematics stands; the arrays may now live on a GPU."""

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
        self.a, self.b, self.c, self.d = (tensor(problem.start[name]) for name in "abcd")
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        self.y_pred = self.a + self.b * self.x + self.c * self.x2 + self.d * self.x3
        return (self.y_pred - self.y).pow(2).sum()

    def backward(self, loss: torch.Tensor) -> None:
        grad_y_pred = 2.0 * (self.y_pred - self.y)
        self.grad_a = grad_y_pred.sum()
        self.grad_b = (grad_y_pred * self.x).sum()
        self.grad_c = (grad_y_pred * self.x2).sum()
        self.grad_d = (grad_y_pred * self.x3).sum()

    def update(self) -> None:
        self.a -= self.lr * self.grad_a
        self.b -= self.lr * self.grad_b
        self.c -= self.lr * self.grad_c
        self.d -= self.lr * self.grad_d

    parameters = property(lambda self: {"a": self.a, "b": self.b, "c": self.c, "d": self.d})
    gradients = property(
        lambda self: {"a": self.grad_a, "b": self.grad_b, "c": self.grad_c, "d": self.grad_d}
    )
