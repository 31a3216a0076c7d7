"""Level 2, tensors: torch in NumPy's place. The mathematics stands; the arrays may now live on a GPU."""

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Mlp:
    """relu(x w1) w2 with x (N, D_in), w1 (D_in, H), w2 (H, D_out)."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        self.x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        self.w1 = torch.tensor(problem.start["w1"], dtype=dtype, device=device)
        self.w2 = torch.tensor(problem.start["w2"], dtype=dtype, device=device)
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        """Sum of squared errors."""
        self.h = self.x @ self.w1
        self.h_relu = self.h.clamp(min=0)
        self.y_pred = self.h_relu @ self.w2
        return (self.y_pred - self.y).pow(2).sum()

    def backward(self, loss: torch.Tensor) -> None:
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
    def parameters(self) -> dict[str, torch.Tensor]:
        """The weights."""
        return {"w1": self.w1, "w2": self.w2}

    @property
    def gradients(self) -> dict[str, torch.Tensor]:
        """The loss's derivatives with respect to the weights."""
        return {"w1": self.grad_w1, "w2": self.grad_w2}
