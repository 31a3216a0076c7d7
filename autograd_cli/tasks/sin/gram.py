"""Level 11, gram: `numpy` for many runs on five rows that stand for all points, whatever their number.

Let the columns of M (N, 5) be 1, x, x², x³ and y, and θ (5,) a, b, c, d and -1, so that M θ = y_pred - y.
With M = Q T, where Q has orthonormal columns and T is triangular (5, 5), loss = |M θ|² = |Q T θ|² = |T θ|²,
and its gradient is 2 Mᵀ M θ = 2 Tᵀ (T θ). Q is not needed: T, made once, has all that the data say of them.
MᵀM = TᵀT, the Gram matrix of the columns, would say the same in half of the digits.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class SinRuns:
    """R cubics a + b x + c x² + d x³ on one x (N,), each a column of the coefficients (4, R); losses (R,)."""

    def __init__(self, problems: Sequence[Problem], configs: Sequence[RunConfig]) -> None:
        array = partial(np.array, dtype=configs[0].dtype)
        x, y = array(problems[0].x), array(problems[0].y)
        columns = np.stack([x**0, x, x**2, x**3, y], axis=1)
        self.T = array(np.linalg.qr(columns.astype(np.float64), mode="r"))
        self.theta = array([[p.start[name] for p in problems] for name in "abcd"] + [[-1] * len(problems)])
        self.coefficients = self.theta[:4]
        self.lr, momentum = (array([getattr(c, key) for c in configs]) for key in ("lr", "momentum"))
        self.m, self.v, self.t = 0.0, 0.0, 0
        # The shares that the old m and g have in the new m, and the old v in the new v.
        shares = {"SGD": (momentum, 1.0, 0.0), "RMSprop": (0.0, 1.0, 0.99), "Adam": (0.9, 0.1, 0.999)}
        self.beta1, self.share, self.beta2 = shares[configs[0].optimizer]
        self.is_adam = configs[0].optimizer == "Adam"

    def forward(self) -> np.ndarray:
        self.residuals = self.T @ self.theta
        return np.square(self.residuals).sum(0)

    def backward(self, loss: np.ndarray) -> None:
        self.grad = 2.0 * (self.T[:, :4].T @ self.residuals)

    def update(self) -> None:
        self.t += 1
        self.m = self.beta1 * self.m + self.share * self.grad
        step = self.lr * self.m
        if self.beta2:  # RMSprop, and Adam, which takes out the zeros that m and v began with
            self.v = self.beta2 * self.v + (1 - self.beta2) * np.square(self.grad)
            m_seen, v_seen = (1 - self.is_adam * b**self.t for b in (self.beta1, self.beta2))
            step /= m_seen * (np.sqrt(self.v / v_seen) + 1e-8)
        self.coefficients -= step

    parameters = property(lambda self: dict(zip("abcd", self.coefficients, strict=True)))
    gradients = property(lambda self: dict(zip("abcd", self.grad, strict=True)))

    # The keys in which the runs of a batch may differ.
    per_run = frozenset({"seed", "lr", "momentum", "start", "a", "b", "c", "d"})

    @staticmethod
    def bytes_per_run(config: RunConfig) -> int:
        """Working memory that a run adds to a batch: a few times its five numbers."""
        return 40 * np.dtype(config.dtype).itemsize
