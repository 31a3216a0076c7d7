"""Level 11, gram: `numpy` for many runs, whose inputs enter by their products with each other alone.

A step moves w1 by xᵀ grad_h, a combination of the N inputs, which are the columns of xᵀ. So it never leaves

    w1 = start - xᵀ s   with   s (N, H), the sum of lr grad_h over the steps, and therefore
    h = x w1 = x start - (x xᵀ) s

where x start and the Gram matrix x xᵀ (N, N) are made once. What is trained is s, with N rows in place of the
D_in rows of w1, which is made when somebody looks. A rule of update that is linear in the gradient, SGD with
momentum, goes by grad_h as well; Adam and RMSprop divide by the entries of grad_w1.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class MlpRuns:
    """R times relu(x w1) w2 with x (R, N, D_in), w1 (R, D_in, H), w2 (R, H, D_out); losses (R,)."""

    def __init__(self, problems: Sequence[Problem], configs: Sequence[RunConfig]) -> None:
        array = partial(np.array, dtype=configs[0].dtype)
        self.x, self.y = array([p.x for p in problems]), array([p.y for p in problems])
        self.start, self.w2 = (array([p.start[name] for p in problems]) for name in ("w1", "w2"))
        self.lr, self.momentum = (array([[[getattr(c, key)]] for c in configs]) for key in ("lr", "momentum"))
        N, D_in = problems[0].x.shape
        # Of many short inputs, x (xᵀ s) takes fewer products than (x xᵀ) s.
        self.gram = self.x @ self.x.mT if 2 * D_in >= N else None
        self.h_start = self.x @ self.start
        self.s = np.zeros_like(self.h_start)
        self.v_h, self.v_w2 = np.zeros_like(self.s), np.zeros_like(self.w2)

    def forward(self) -> np.ndarray:
        self.h = self.h_start - (self.x @ (self.x.mT @ self.s) if self.gram is None else self.gram @ self.s)
        self.h_relu = np.maximum(self.h, 0)
        self.errors = self.h_relu @ self.w2 - self.y
        return np.square(self.errors).sum((1, 2))

    def backward(self, loss: np.ndarray) -> None:
        grad_y_pred = 2.0 * self.errors
        self.grad_w2 = self.h_relu.mT @ grad_y_pred
        self.grad_h = (grad_y_pred @ self.w2.mT) * (self.h > 0)

    def update(self) -> None:
        self.v_h = self.momentum * self.v_h + self.grad_h if self.momentum.any() else self.grad_h
        self.v_w2 = self.momentum * self.v_w2 + self.grad_w2
        self.s += self.lr * self.v_h
        self.w2 -= self.lr * self.v_w2

    parameters = property(lambda self: {"w1": self.start - self.x.mT @ self.s, "w2": self.w2})
    gradients = property(lambda self: {"w1": self.x.mT @ self.grad_h, "w2": self.grad_w2})

    # The keys in which the runs of a batch may differ.
    per_run = frozenset({"seed", "lr", "momentum", "start"})

    @staticmethod
    def bytes_per_run(config: RunConfig) -> int:
        """Working memory that a run adds to a batch: what a step reads and writes; x and w1 it does not."""
        N, D_in, H, D_out = (int(config.options[name]) for name in ("N", "D_in", "H", "D_out"))
        return (N * min(N, 2 * D_in) + (6 * N + 4 * H) * (H + D_out)) * np.dtype(config.dtype).itemsize
