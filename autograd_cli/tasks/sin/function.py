"""Level 4, a Function of your own: a Legendre polynomial with its own derivative, inside autograd."""

from typing import Any

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class LegendrePolynomial3(torch.autograd.Function):
    """P₃(z) = (5z³ - 3z)/2, whose derivative is P₃'(z) = 3/2 (5z² - 1)."""

    @staticmethod
    def forward(ctx: Any, z: torch.Tensor) -> torch.Tensor:
        """Compute the output, and save what the way back needs."""
        ctx.save_for_backward(z)
        return 0.5 * (5 * z**3 - 3 * z)

    @staticmethod
    def backward(ctx: Any, grad_output: torch.Tensor) -> torch.Tensor:
        """The loss's derivative by z, from its derivative by the output."""
        (z,) = ctx.saved_tensors
        return grad_output * 1.5 * (5 * z**2 - 1)


class Sin:
    """a + b P₃(c + d x) with x (N,) and 0-d coefficients."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        self.x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        self.a = torch.tensor(problem.start["a"], dtype=dtype, device=device, requires_grad=True)
        self.b = torch.tensor(problem.start["b"], dtype=dtype, device=device, requires_grad=True)
        self.c = torch.tensor(problem.start["c"], dtype=dtype, device=device, requires_grad=True)
        self.d = torch.tensor(problem.start["d"], dtype=dtype, device=device, requires_grad=True)
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        """Sum of squared errors; apply() is how a Function is called."""
        y_pred = self.a + self.b * LegendrePolynomial3.apply(self.c + self.d * self.x)
        return (y_pred - self.y).pow(2).sum()

    def backward(self, loss: torch.Tensor) -> None:
        """Autograd calls LegendrePolynomial3.backward() when it comes to it."""
        loss.backward()

    def update(self) -> None:
        """Gradient descent, unseen by autograd; then the gradients go, or the next would add to them."""
        with torch.no_grad():
            for p in (self.a, self.b, self.c, self.d):
                assert p.grad is not None
                p -= self.lr * p.grad
                p.grad = None

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """The coefficients."""
        return {"a": self.a, "b": self.b, "c": self.c, "d": self.d}

    @property
    def gradients(self) -> dict[str, torch.Tensor | None]:
        """The loss's derivatives with respect to the coefficients."""
        return {"a": self.a.grad, "b": self.b.grad, "c": self.c.grad, "d": self.d.grad}
