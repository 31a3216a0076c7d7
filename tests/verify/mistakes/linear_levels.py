"""Mistakes of linear."""

from typing import Any, ClassVar

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem
from autograd_cli.tasks.linear import numpy as linear
from tests.verify.mistakes.planted import Planted


class OfLinear(Planted):
    """A wrong level of linear."""

    task = "linear"
    keys: ClassVar[tuple[str, ...]] = ("N=5", "lr=1e-2")


class LinearSum(OfLinear, linear.Linear):
    """The sum, where this task has the mean."""

    called = "5 = N of the reference's: a sum where a mean belongs"

    def forward(self) -> Any:
        return super().forward() * len(self.x)


class LinearBroadcast(OfLinear, linear.Linear):
    """y as (N,), so that every prediction is held against every target."""

    called = r"each prediction against every target: \(N, 1\) against \(N,\)"

    def forward(self) -> Any:
        super().forward()
        return np.square(self.y_pred - self.y[:, 0]).mean()


class LinearGradientSummed(OfLinear, linear.Linear):
    """Forgets that a mean leaves its 1/N."""

    called = "5 = N of the reference's, all arrays alike: a sum where a mean belongs"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_w, self.grad_b = len(self.x) * self.grad_w, len(self.x) * self.grad_b


class LinearWithoutX(OfLinear, linear.Linear):
    """A gradient of w without its x."""

    called = "that of b should be|what b should be"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_w = self.grad_b[None]


class LinearBiasNotTrained(OfLinear, linear.Linear):
    """A bias that stays."""

    called = "as it was before: not trained"

    def update(self) -> None:
        self.w = self.w - self.lr * self.grad_w


class LinearScaled(OfLinear, linear.Linear):
    """Inputs brought to [0, 1]."""

    called = r"scaled to \[0, 1\]"

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.x = (self.x - self.x.min()) / (self.x.max() - self.x.min())


class LinearOddRate(OfLinear, linear.Linear):
    """A factor that two numbers could have by chance."""

    called = None

    def update(self) -> None:
        self.w = self.w - 1.2345678 * self.lr * self.grad_w
        self.b = self.b - 1.2345678 * self.lr * self.grad_b
