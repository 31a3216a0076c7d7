"""Level 3, autograd: the weights ask for gradients, and one backward() replaces the chain rule by hand."""

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Mlp:
    """relu(x w1) w2 with x (N, D_in), w1 (D_in, H), w2 (H, D_out)."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        self.x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        self.w1 = torch.tensor(problem.start["w1"], dtype=dtype, device=device, requires_grad=True)
        self.w2 = torch.tensor(problem.start["w2"], dtype=dtype, device=device, requires_grad=True)
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        """Sum of squared errors; nothing need be kept by hand for the way back."""
        h_relu = (self.x @ self.w1).relu()
        y_pred = h_relu @ self.w2
        return (y_pred - self.y).pow(2).sum()

    def backward(self, loss: torch.Tensor) -> None:
        """Autograd walks the graph that forward() left behind and adds to each weight's .grad."""
        loss.backward()

    def update(self) -> None:
        """Gradient descent, unseen by autograd; then the gradients go, or the next would add to them."""
        with torch.no_grad():
            for w in (self.w1, self.w2):
                assert w.grad is not None
                w -= self.lr * w.grad
                w.grad = None

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """The weights."""
        return {"w1": self.w1, "w2": self.w2}

    @property
    def gradients(self) -> dict[str, torch.Tensor | None]:
        """The loss's derivatives with respect to the weights."""
        return {"w1": self.w1.grad, "w2": self.w2.grad}
