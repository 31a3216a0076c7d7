"""Level 1, NumPy: arrays, and the gradient written out by hand."""

from functools import partial

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Linear:
    """y_pred = x w + b with x (N, 1), w (1, 1), b (1,); loss = mean of (y_pred - y)²."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        array = partial(np.array, dtype=config.dtype)
        self.x, self.y = array(problem.x), array(problem.y)
        self.w = array(problem.start["w"])
        self.b = array(problem.start["b"])
        self.lr = config.lr

    def forward(self) -> np.floating:
        self.y_pred = self.x @ self.w + self.b
        return np.square(self.y_pred - self.y).mean()

    def backward(self, loss: np.floating) -> None:
        grad_y_pred = 2.0 * (self.y_pred - self.y) / self.y.shape[0]  # the mean leaves its 1/N
        self.grad_w = self.x.T @ grad_y_pred
        self.grad_b = grad_y_pred.sum(0)

    def update(self) -> None:
        self.w -= self.lr * self.grad_w
        self.b -= self.lr * self.grad_b

    parameters = property(lambda self: {"w": self.w, "b": self.b})
    gradients = property(lambda self: {"w": self.grad_w, "b": self.grad_b})
