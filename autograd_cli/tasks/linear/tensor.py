"""Level 2, tensors: torch in NumPy's place. The mathematics stands; the arrays may now live on a GPU."""

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Linear:
    """x w + b with x (N, 1), w (1, 1), b (1,)."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        self.x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        self.w = torch.tensor(problem.start["w"], dtype=dtype, device=device)
        self.b = torch.tensor(problem.start["b"], dtype=dtype, device=device)
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        """Mean of squared errors."""
        self.y_pred = self.x @ self.w + self.b
        return (self.y_pred - self.y).pow(2).mean()

    def backward(self, loss: torch.Tensor) -> None:
        """The loss's derivative by y_pred, where the mean leaves its 1/N, then by weight and bias."""
        grad_y_pred = 2.0 * (self.y_pred - self.y) / self.y.numel()
        self.grad_w = self.x.T @ grad_y_pred
        self.grad_b = grad_y_pred.sum(dim=0)

    def update(self) -> None:
        """Gradient descent."""
        self.w -= self.lr * self.grad_w
        self.b -= self.lr * self.grad_b

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """Weight and bias."""
        return {"w": self.w, "b": self.b}

    @property
    def gradients(self) -> dict[str, torch.Tensor]:
        """The loss's derivatives with respect to weight and bias."""
        return {"w": self.grad_w, "b": self.grad_b}
