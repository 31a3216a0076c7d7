"""Level 1, NumPy: arrays, and the gradient written out by hand."""

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Linear:
    """x w + b with x (N, 1), w (1, 1), b (1,)."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        self.x = problem.x.astype(config.dtype)
        self.y = problem.y.astype(config.dtype)
        self.w = problem.start["w"].astype(config.dtype)
        self.b = problem.start["b"].astype(config.dtype)
        self.lr = config.lr

    def forward(self) -> np.floating:
        """Mean of squared errors."""
        self.y_pred = self.x @ self.w + self.b
        return np.square(self.y_pred - self.y).mean()

    def backward(self, loss: np.floating) -> None:
        """The loss's derivative by y_pred, where the mean leaves its 1/N, then by weight and bias."""
        grad_y_pred = 2.0 * (self.y_pred - self.y) / self.y.size
        self.grad_w = self.x.T @ grad_y_pred
        self.grad_b = grad_y_pred.sum(axis=0)

    def update(self) -> None:
        """Gradient descent."""
        self.w -= self.lr * self.grad_w
        self.b -= self.lr * self.grad_b

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """Weight and bias."""
        return {"w": self.w, "b": self.b}

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """The loss's derivatives with respect to weight and bias."""
        return {"w": self.grad_w, "b": self.grad_b}
