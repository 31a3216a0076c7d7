"""Level 3, autograd: weight and bias ask for gradients, and one backward() replaces those by hand."""

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Linear:
    """x w + b with x (N, 1), w (1, 1), b (1,)."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        self.x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        self.w = torch.tensor(problem.start["w"], dtype=dtype, device=device, requires_grad=True)
        self.b = torch.tensor(problem.start["b"], dtype=dtype, device=device, requires_grad=True)
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        """Mean of squared errors; nothing need be kept by hand for the way back."""
        y_pred = self.x @ self.w + self.b
        return (y_pred - self.y).pow(2).mean()

    def backward(self, loss: torch.Tensor) -> None:
        """Autograd walks the graph that forward() left behind and adds to each parameter's .grad."""
        loss.backward()

    def update(self) -> None:
        """Gradient descent, unseen by autograd; then the gradients go, or the next would add to them."""
        with torch.no_grad():
            for p in (self.w, self.b):
                assert p.grad is not None
                p -= self.lr * p.grad
                p.grad = None

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """Weight and bias."""
        return {"w": self.w, "b": self.b}

    @property
    def gradients(self) -> dict[str, torch.Tensor | None]:
        """The loss's derivatives with respect to weight and bias."""
        return {"w": self.w.grad, "b": self.b.grad}
