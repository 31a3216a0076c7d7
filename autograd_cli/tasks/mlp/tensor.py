"""Level 2, tensors: torch in NumPy's place. The mathematics stands; the arrays may now live on a GPU."""

from functools import partial

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Mlp:
    """y_pred = relu(x w1) w2 with x (N, D_in), w1 (D_in, H), w2 (H, D_out); loss = Σ (y_pred - y)²."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        self.w1 = tensor(problem.start["w1"])
        self.w2 = tensor(problem.start["w2"])
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        self.h = self.x @ self.w1
        self.h_relu = self.h.relu()
        self.y_pred = self.h_relu @ self.w2
        return (self.y_pred - self.y).pow(2).sum()

    def backward(self, loss: torch.Tensor) -> None:
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
