"""The task's models in NumPy, derived by hand as sums of factors: what levels are held against.

The programs take the problem's arrays as they are, and know no rule of update: verify brings both.
"""

from collections.abc import Iterator
from itertools import repeat
from typing import Any

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Cubic:
    """a + b x + c x² + d x³; loss = Σ (y_pred - y)²; dloss/dp = Σ 2 (y_pred - y) f where p multiplies f."""

    names = "abcd"

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        self.x, self.y = problem.x, problem.y
        self.parameters: dict[str, Any] = {name: problem.start[name] for name in self.names}
        self.gradients: dict[str, Any] = {}
        self.extra_terms = self.draw_terms(problem)

    def draw_terms(self, problem: Problem) -> Iterator[int]:
        """How many terms in e there are: none."""
        return repeat(0)

    def forward(self) -> Any:
        """Sum of squared errors, with the extra terms that come next."""
        x, self.terms = self.x, next(self.extra_terms)
        self.factors = {"a": x**0, "b": x, "c": x**2, "d": x**3}
        if self.terms:
            self.factors["e"] = x**4 if self.terms == 1 else x**4 + x**5
        self.y_pred = sum(factor * self.parameters[name] for name, factor in self.factors.items())
        return np.square(self.y_pred - self.y).sum()

    def backward(self, loss: Any) -> None:
        """The loss's derivative by y_pred, then by each coefficient that was used."""
        grad_y_pred = 2.0 * (self.y_pred - self.y)
        self.gradients = {name: (grad_y_pred * factor).sum() for name, factor in self.factors.items()}

    def reached(self) -> dict[str, bool]:
        """What the last pass took of the model's branches: there are none."""
        return {}


class Dynamic(Cubic):
    """a + b x + c x² + d x³, then nothing, e x⁴, or e x⁴ + e x⁵; without extra terms e rests."""

    names = "abcde"

    def draw_terms(self, problem: Problem) -> Iterator[int]:
        """How many terms in e there are: 0, 1 or 2, drawn afresh."""
        return problem.choices(3)

    def reached(self) -> dict[str, bool]:
        """What the last pass took of the model's branches."""
        return {f"{terms} terms in e": terms == self.terms for terms in range(3)}


class Legendre(Cubic):
    """a + b P₃(c + d x), with P₃(z) = (5z³ - 3z)/2 and P₃'(z) = 3/2 (5z² - 1)."""

    def forward(self) -> Any:
        """Sum of squared errors."""
        a, b, c, d = (self.parameters[name] for name in "abcd")
        self.z = c + d * self.x
        self.p3 = (5 * self.z**3 - 3 * self.z) / 2
        self.y_pred = a + b * self.p3
        return np.square(self.y_pred - self.y).sum()

    def backward(self, loss: Any) -> None:
        """The loss's derivative by y_pred, by z, then by each coefficient."""
        grad_y_pred = 2.0 * (self.y_pred - self.y)
        grad_z = grad_y_pred * self.parameters["b"] * 1.5 * (5 * self.z**2 - 1)
        self.gradients = {
            "a": grad_y_pred.sum(),
            "b": (grad_y_pred * self.p3).sum(),
            "c": grad_z.sum(),
            "d": (grad_z * self.x).sum(),
        }
