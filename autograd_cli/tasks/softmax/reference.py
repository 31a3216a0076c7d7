"""Softmax and cross-entropy in NumPy, derived through the exponentials: what levels are held against.

The program takes the problem's arrays as they are, and knows no rule of update: verify brings both.
"""

from typing import Any

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Softmax:
    """p = e / Σ e with e = exp(x w + b); loss = -1/n Σ (y log p + (1 - y) log(1 - p)).

    With o = Σ e - e, made as a product so that nothing cancels, 1 - p = o / Σ e and so
    loss = -1/n Σ (y log e + (1 - y) log o - log Σ e), whose derivative by eⱼ is
    -1/n (yⱼ / eⱼ + Σ over i ≠ j of (1 - yᵢ) / oᵢ - n / Σ e); by zⱼ it is that times eⱼ.
    """

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        self.x, self.y = problem.x, problem.y
        self.parameters: dict[str, Any] = {name: problem.start[name] for name in "wb"}
        self.gradients: dict[str, Any] = {}
        self.n = config.D_out
        self.is_other = 1.0 - np.eye(self.n)

    def forward(self) -> Any:
        """Mean of the binary cross-entropies."""
        z = self.x @ self.parameters["w"] + self.parameters["b"]
        z = z - z.max()  # whatever number is taken away, p is the same
        self.e = np.exp(z)
        self.o, self.s = self.e @ self.is_other, self.e.sum()
        terms = self.y * z + (1 - self.y) * np.log(self.o) - np.log(self.s)
        return -(terms.sum() / self.n)

    def backward(self, loss: Any) -> None:
        """By z, then by the bias and the weights."""
        inner = self.y + self.e * (((1 - self.y) / self.o) @ self.is_other) - self.n * self.e / self.s
        grad_z = -inner / self.n
        self.gradients = {"w": self.x[:, None] * grad_z[None, :], "b": grad_z}

    def reached(self) -> dict[str, bool]:
        """What the last pass saw of the labels."""
        return {"a label of 1": bool((self.y > 0).any()), "a label of 0": bool((self.y < 1).any())}
