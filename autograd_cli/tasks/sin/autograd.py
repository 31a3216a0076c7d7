"""Level 3, autograd: the coefficients ask for gradients, and one backward() replaces those by hand."""

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
        self.a = torch.tensor(problem.start["a"], dtype=dtype, device=device, requires_grad=True)
        self.b = torch.tensor(problem.start["b"], dtype=dtype, device=device, requires_grad=True)
        self.c = torch.tensor(problem.start["c"], dtype=dtype, device=device, requires_grad=True)
        self.d = torch.tensor(problem.start["d"], dtype=dtype, device=device, requires_grad=True)
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        """Sum of squared errors; nothing need be kept by hand for the way back."""
        y_pred = self.a + self.b * self.x + self.c * self.x2 + self.d * self.x3
        return (y_pred - self.y).pow(2).sum()

    def backward(self, loss: torch.Tensor) -> None:
        """Autograd walks the graph that forward() left behind and adds to each coefficient's .grad."""
        loss.backward()

    def update(self) -> None:
        """Gradient descent, unseen by autograd; then the gradients go, or the next would add to them."""
        with torch.no_grad():
            for p in (self.a, self.b, self.c, self.d):
                assert p.grad is not None
                p -= self.lr * p.grad
                p.grad = None

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """The coefficients."""
        return {"a": self.a, "b": self.b, "c": self.c, "d": self.d}

    @property
    def gradients(self) -> dict[str, torch.Tensor | None]:
        """The loss's derivatives with respect to the coefficients."""
        return {"a": self.a.grad, "b": self.b.grad, "c": self.c.grad, "d": self.d.grad}
