"""Level 9, batched: many runs as one program. A leading run dimension turns their loops into matrix products.

The runs differ in their start and learning rate, and share x and y, which no seed changes.
"""

from collections.abc import Sequence

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class LinearRuns:
    """R lines x w + b with x (N, 1), one in each row of the coefficients (R, 2).

    Attributes:
        per_run: the keys in which the runs of one batch may differ.

    """

    per_run = frozenset({"seed", "lr"})

    def __init__(self, problems: Sequence[Problem], configs: Sequence[RunConfig]) -> None:
        dtype, device = getattr(torch, configs[0].dtype), configs[0].device
        x = torch.tensor(problems[0].x[:, 0], dtype=dtype, device=device)
        y = torch.tensor(problems[0].y[:, 0], dtype=dtype, device=device)
        self.x_and_one = torch.stack([x, torch.ones_like(x)])
        # The target is a third row with the coefficient -1: one product gives y_pred - y.
        self.rows = torch.cat([self.x_and_one, y[None]])
        start = [[p.start["w"].item(), p.start["b"].item(), -1.0] for p in problems]
        self.factors = torch.tensor(start, dtype=dtype, device=device)
        self.coefficients = self.factors[:, :2]
        self.lr = torch.tensor([[config.lr] for config in configs], dtype=dtype, device=device)

    @staticmethod
    def bytes_per_run(config: RunConfig) -> int:
        """Working memory that a run adds to a batch: its row of residuals, and a few numbers more."""
        return (int(config.options["N"]) + 64) * int(getattr(torch, config.dtype).itemsize)

    def forward(self) -> torch.Tensor:
        """Means of squared errors (R,)."""
        self.residuals = self.factors @ self.rows
        return self.residuals.square().mean(1)

    def backward(self, loss: torch.Tensor) -> None:
        """The losses' derivatives by y_pred, then by all coefficients (R, 2) at once."""
        self.grad = (2.0 / self.residuals.shape[1]) * (self.residuals @ self.x_and_one.t())

    def update(self) -> None:
        """Gradient descent, every run at its own learning rate."""
        self.coefficients -= self.lr * self.grad

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """Weights (R, 1, 1) and biases (R, 1)."""
        return {"w": self.coefficients[:, 0, None, None], "b": self.coefficients[:, 1, None]}

    @property
    def gradients(self) -> dict[str, torch.Tensor]:
        """The losses' derivatives with respect to weights and biases, in their shapes."""
        return {"w": self.grad[:, 0, None, None], "b": self.grad[:, 1, None]}


class Linear(LinearRuns):
    """A batch of one: the same program as an ordinary level."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__([problem], [config])

    def forward(self) -> torch.Tensor:
        """Mean of squared errors."""
        return super().forward()[0]

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """Weight and bias."""
        return {name: p[0] for name, p in super().parameters.items()}

    @property
    def gradients(self) -> dict[str, torch.Tensor]:
        """The loss's derivatives with respect to weight and bias."""
        return {name: g[0] for name, g in super().gradients.items()}
