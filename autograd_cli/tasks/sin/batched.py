"""Level 9, batched: many runs as one program. A leading run dimension turns their loops into matrix products.

The runs differ in their start and learning rate, and share x and y, which no seed changes.
"""

from collections.abc import Sequence

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class SinRuns:
    """R cubics a + b x + c x² + d x³ with x (N,), one in each row of the coefficients (R, 4).

    Attributes:
        per_run: the keys in which the runs of one batch may differ.

    """

    per_run = frozenset({"seed", "lr", "a", "b", "c", "d"})

    def __init__(self, problems: Sequence[Problem], configs: Sequence[RunConfig]) -> None:
        dtype, device = getattr(torch, configs[0].dtype), configs[0].device
        x = torch.tensor(problems[0].x, dtype=dtype, device=device)
        y = torch.tensor(problems[0].y, dtype=dtype, device=device)
        self.powers = torch.stack([torch.ones_like(x), x, x**2, x**3])
        # The target is a fifth power with the coefficient -1: one product gives y_pred - y.
        self.powers_and_y = torch.cat([self.powers, y[None]])
        start = [[*(float(problem.start[name]) for name in "abcd"), -1.0] for problem in problems]
        self.factors = torch.tensor(start, dtype=dtype, device=device)
        self.coefficients = self.factors[:, :4]
        # The same memory at every step: fresh pages for all runs' residuals would cost more than they do.
        self.residuals = torch.empty(len(start), len(x), dtype=dtype, device=device)
        self.lr = torch.tensor([[config.lr] for config in configs], dtype=dtype, device=device)

    @staticmethod
    def bytes_per_run(config: RunConfig) -> int:
        """Working memory that a run adds to a batch: its row of residuals."""
        return int(config.options["N"]) * getattr(torch, config.dtype).itemsize

    def forward(self) -> torch.Tensor:
        """Sums of squared errors (R,)."""
        torch.mm(self.factors, self.powers_and_y, out=self.residuals)
        return torch.linalg.vector_norm(self.residuals, dim=1).square()

    def backward(self, loss: torch.Tensor) -> None:
        """The losses' derivatives by y_pred, then by all coefficients (R, 4) at once."""
        self.grad = 2.0 * (self.powers @ self.residuals.t()).t()

    def update(self) -> None:
        """Gradient descent, every run at its own learning rate."""
        self.coefficients -= self.lr * self.grad

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """The coefficients, each (R,)."""
        return dict(zip("abcd", self.coefficients.unbind(1), strict=True))

    @property
    def gradients(self) -> dict[str, torch.Tensor]:
        """The losses' derivatives with respect to the coefficients, each (R,)."""
        return dict(zip("abcd", self.grad.unbind(1), strict=True))


class Sin(SinRuns):
    """A batch of one: the same program as an ordinary level."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__([problem], [config])

    def forward(self) -> torch.Tensor:
        """Sum of squared errors."""
        return super().forward()[0]

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """The coefficients."""
        return {name: p[0] for name, p in super().parameters.items()}

    @property
    def gradients(self) -> dict[str, torch.Tensor]:
        """The loss's derivatives with respect to the coefficients."""
        return {name: p[0] for name, p in super().gradients.items()}
