"""Level 14, batched function: `function` for many runs: a run dimension, and one backward() for all."""

from collections.abc import Sequence
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


class SinRuns:
    """R times a + b P₃(c + d x) on one x (N,), each with a row of the coefficients (R, 1); losses (R,)."""

    def __init__(self, problems: Sequence[Problem], configs: Sequence[RunConfig]) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, configs[0].dtype), device=configs[0].device)
        self.x, self.y = tensor(problems[0].x), tensor(problems[0].y)
        starts = ([[p.start[name].item()] for p in problems] for name in "abcd")
        self.a, self.b, self.c, self.d = (tensor(start, requires_grad=True) for start in starts)
        self.lr = tensor([[config.lr] for config in configs])

    def forward(self) -> torch.Tensor:
        y_pred = self.a + self.b * LegendrePolynomial3.apply(self.c + self.d * self.x)
        return (y_pred - self.y).pow(2).sum(1)

    def backward(self, loss: torch.Tensor) -> None:
        self.a.grad = self.b.grad = self.c.grad = self.d.grad = None  # or backward() would add to them
        loss.sum().backward()  # no run's coefficient is in another's loss: the sum's gradients are each run's

    def update(self) -> None:
        with torch.no_grad():  # the update itself is no part of the graph
            self.a -= self.lr * self.a.grad
            self.b -= self.lr * self.b.grad
            self.c -= self.lr * self.c.grad
            self.d -= self.lr * self.d.grad

    parameters = property(lambda self: {name: getattr(self, name)[:, 0] for name in "abcd"})
    gradients = property(lambda self: {name: getattr(self, name).grad[:, 0] for name in "abcd"})

    # The keys in which the runs of a batch may differ.
    per_run = frozenset({"seed", "lr", "start", "a", "b", "c", "d"})

    @staticmethod
    def bytes_per_run(config: RunConfig) -> int:
        """Working memory that a run adds to a batch: some rows of as many numbers as there are points."""
        return 8 * int(config.N) * getattr(torch, config.dtype).itemsize
