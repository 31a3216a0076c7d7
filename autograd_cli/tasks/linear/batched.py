"""Level 10, batched: `tensor` for many runs at once: a run dimension turns sums into matrix products."""

from collections.abc import Sequence
from functools import partial

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class LinearRuns:
    """R lines x w + b on one x (N,), each a row of the coefficients (R, 2); losses (R,)."""

    def __init__(self, problems: Sequence[Problem], configs: Sequence[RunConfig]) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, configs[0].dtype), device=configs[0].device)
        x, y = tensor(problems[0].x[:, 0]), tensor(problems[0].y[:, 0])
        self.x_and_one = torch.stack([x, torch.ones_like(x)])
        # The target is a third row with the coefficient -1: one product gives y_pred - y.
        self.rows = torch.cat([self.x_and_one, y[None]])
        self.factors = tensor([[*(p.start[name].item() for name in "wb"), -1.0] for p in problems])
        self.coefficients = self.factors[:, :2]
        self.lr, momentum = (tensor([[getattr(c, key)] for c in configs]) for key in ("lr", "momentum"))
        self.m, self.v = torch.zeros_like(self.coefficients), torch.zeros_like(self.coefficients)
        self.t = 0
        # The shares that the old m and g have in the new m, and the old v in the new v.
        shares = {"SGD": (momentum, 1.0, 0.0), "RMSprop": (0.0, 1.0, 0.99), "Adam": (0.9, 0.1, 0.999)}
        self.beta1, self.share, self.beta2 = shares[configs[0].optimizer]
        self.is_adam = configs[0].optimizer == "Adam"

    def forward(self) -> torch.Tensor:
        self.residuals = self.factors @ self.rows
        return self.residuals.square().mean(1)

    def backward(self, loss: torch.Tensor) -> None:
        self.grad = (2.0 / self.residuals.shape[1]) * (self.residuals @ self.x_and_one.t())

    def update(self) -> None:
        self.t += 1
        self.m = self.beta1 * self.m + self.share * self.grad
        step = self.lr * self.m
        if self.beta2:  # RMSprop, and Adam, which takes out the zeros that m and v began with
            self.v = self.beta2 * self.v + (1 - self.beta2) * self.grad.square()
            m_seen, v_seen = (1 - self.is_adam * b**self.t for b in (self.beta1, self.beta2))
            step /= m_seen * ((self.v / v_seen).sqrt() + 1e-8)
        self.coefficients -= step

    parameters = property(
        lambda self: {"w": self.coefficients[:, 0, None, None], "b": self.coefficients[:, 1, None]}
    )
    gradients = property(lambda self: {"w": self.grad[:, 0, None, None], "b": self.grad[:, 1, None]})

    # The keys in which the runs of a batch may differ.
    per_run = frozenset({"seed", "lr", "momentum", "start"})

    @staticmethod
    def bytes_per_run(config: RunConfig) -> int:
        """Working memory that a run adds to a batch: its row of residuals, and a few numbers more."""
        return (int(config.N) + 64) * int(getattr(torch, config.dtype).itemsize)
