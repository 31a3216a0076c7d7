"""Level 1, NumPy: arrays, and the chain rule written out by hand."""

from functools import partial

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Mlp:
    """y_pred = relu(x w1) w2 with x (N, D_in), w1 (D_in, H), w2 (H, D_out); loss = Σ (y_pred - y)²."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        array = partial(np.array, dtype=config.dtype)
        self.x, self.y = array(problem.x), array(problem.y)
        self.w1 = array(problem.start["w1"])
        self.w2 = array(problem.start["w2"])
        self.lr = config.lr

    def forward(self) -> np.floating:
        self.h = self.x @ self.w1
        self.h_relu = np.maximum(self.h, 0)
        self.y_pred = self.h_relu @ self.w2
        return np.square(self.y_pred - self.y).sum()

    def backward(self, loss: np.floating) -> None:
        grad_y_pred = 2.0 * (self.y_pred - self.y)
        self.grad_w2 = self.h_relu.T @ grad_y_pred
        grad_h_relu = grad_y_pred @ self.w2.T
        grad_h = grad_h_relu * (self.h > 0)  # where h was positive, whatever the sign of the gradient
        self.grad_w1 = self.x.T @ grad_h

    def update(self) -> None:
        self.w1 -= self.lr * self.grad_w1
        self.w2 -= self.lr * self.grad_w2

    parameters = property(lambda self: {"w1": self.w1, "w2": self.w2})
    gradients = property(lambda self: {"w1": self.grad_w1, "w2": self.grad_w2})
