"""Level 1, NumPy: arrays, and the chain rule written out by hand."""

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Mlp:
    """relu(x w1) w2 with x (N, D_in), w1 (D_in, H), w2 (H, D_out)."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        self.x = problem.x.astype(config.dtype)
        self.y = problem.y.astype(config.dtype)
        self.w1 = problem.start["w1"].astype(config.dtype)
        self.w2 = problem.start["w2"].astype(config.dtype)
        self.lr = config.lr

    def forward(self) -> np.floating:
        """Sum of squared errors."""
        self.h = self.x @ self.w1
        self.h_relu = np.maximum(self.h, 0)
        self.y_pred = self.h_relu @ self.w2
        return np.square(self.y_pred - self.y).sum()

    def backward(self, loss: np.floating) -> None:
        """From the loss back to the weights, one factor of the chain rule a line."""
        grad_y_pred = 2.0 * (self.y_pred - self.y)
        self.grad_w2 = self.h_relu.T @ grad_y_pred
        grad_h_relu = grad_y_pred @ self.w2.T
        grad_h = grad_h_relu * (self.h > 0)
        self.grad_w1 = self.x.T @ grad_h

    def update(self) -> None:
        """Gradient descent."""
        self.w1 -= self.lr * self.grad_w1
        self.w2 -= self.lr * self.grad_w2

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """The weights."""
        return {"w1": self.w1, "w2": self.w2}

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """The loss's derivatives with respect to the weights."""
        return {"w1": self.grad_w1, "w2": self.grad_w2}
