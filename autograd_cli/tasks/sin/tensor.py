"""Level 2, tensors: torch in NumPy's place. The mathematics stands; the arrays may now live on a GPU."""

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Sin:
    """a + b x + c x² + d x³ with x (N,) and 0-d coefficients."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        self.x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        self.x2, self.x3 = self.x**2, self.x**3
        self.a = torch.tensor(problem.start["a"], dtype=dtype, device=device)
        self.b = torch.tensor(problem.start["b"], dtype=dtype, device=device)
        self.c = torch.tensor(problem.start["c"], dtype=dtype, device=device)
        self.d = torch.tensor(problem.start["d"], dtype=dtype, device=device)
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        """Sum of squared errors."""
        self.y_pred = self.a + self.b * self.x + self.c * self.x2 + self.d * self.x3
        return (self.y_pred - self.y).pow(2).sum()

    def backward(self, loss: torch.Tensor) -> None:
        """The loss's derivative by y_pred, then by each coefficient."""
        grad_y_pred = 2.0 * (self.y_pred - self.y)
        self.grad_a = grad_y_pred.sum()
        self.grad_b = (grad_y_pred * self.x).sum()
        self.grad_c = (grad_y_pred * self.x2).sum()
        self.grad_d = (grad_y_pred * self.x3).sum()

    def update(self) -> None:
        """Gradient descent."""
        self.a -= self.lr * self.grad_a
        self.b -= self.lr * self.grad_b
        self.c -= self.lr * self.grad_c
        self.d -= self.lr * self.grad_d

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """The coefficients."""
        return {"a": self.a, "b": self.b, "c": self.c, "d": self.d}

    @property
    def gradients(self) -> dict[str, torch.Tensor]:
        """The loss's derivatives with respect to the coefficients."""
        return {"a": self.grad_a, "b": self.grad_b, "c": self.grad_c, "d": self.grad_d}
