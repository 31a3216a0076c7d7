"""The line in NumPy as a sum over points: what levels are held against.

The program takes the problem's arrays as they are, and knows no rule of update: verify brings both.
"""

from typing import Any

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Line:
    """x w + b; loss = 1/N Σ (x w + b - y)²; dloss/dw = 2/N Σ (x w + b - y) x, and dloss/db without the x."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        self.x, self.y = problem.x, problem.y
        self.parameters: dict[str, Any] = {name: problem.start[name] for name in "wb"}
        self.gradients: dict[str, Any] = {}

    def forward(self) -> Any:
        """Mean of squared errors."""
        self.error = self.x * self.parameters["w"] + self.parameters["b"] - self.y
        return np.square(self.error).sum() / self.error.shape[0]

    def backward(self, loss: Any) -> None:
        """Each point's share, summed."""
        share = self.error * (2.0 / self.error.shape[0])
        self.gradients = {"w": (share * self.x).sum(axis=0)[None], "b": share.sum(axis=0)}

    def reached(self) -> dict[str, bool]:
        """What the last pass took of the model's branches: there are none."""
        return {}
