"""Level 4, a Function of your own: a Legendre polynomial with its own derivative, inside autograd."""

from functools import partial

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class LegendrePolynomial3(torch.autograd.Function):
    """P₃(z) = (5z³ - 3z)/2 for z of any shape; the derivative is P₃'(z) = 3/2 (5z² - 1)."""

    @staticmethod
    def forward(ctx, z: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(z)
        return 0.5 * (5 * z**3 - 3 * z)

    @staticmethod
    def backward(ctx, grad_output: torch.Tensor) -> torch.Tensor:
        (z,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * z**2 - 1)


class Sin:
    """y_pred = a + b P₃(c + d x) with x (N,) and scalar coefficients; loss = Σ (y_pred - y)²."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        self.a, self.b, self.c, self.d = (tensor(problem.start[name], requires_grad=True) for name in "abcd")
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        y_pred = self.a + self.b * LegendrePolynomial3.apply(self.c + self.d * self.x)
        return (y_pred - self.y).pow(2).sum()

    def backward(self, loss: torch.Tensor) -> None:
        self.a.grad = self.b.grad = self.c.grad = self.d.grad = None  # or backward() would add to them
        loss.backward()  # walks the graph, and calls LegendrePolynomial3.backward() on its way

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
