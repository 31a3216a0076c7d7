"""Level 4, a Function of your own: ReLU with its own derivative, as an operation inside autograd."""

from typing import Any

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class ReLU(torch.autograd.Function):
    """max(z, 0); the derivative is 1 where z > 0 and 0 elsewhere, also at z = 0."""

    @staticmethod
    def forward(ctx: Any, z: torch.Tensor) -> torch.Tensor:
        """Compute the output, and save what the way back needs."""
        ctx.save_for_backward(z)
        return z.clamp(min=0)

    @staticmethod
    def backward(ctx: Any, grad_output: torch.Tensor) -> torch.Tensor:
        """The loss's derivative by z, from its derivative by the output."""
        (z,) = ctx.saved_tensors
        return grad_output * (z > 0)


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
        """Sum of squared errors; apply() is how a Function is called."""
        h_relu = ReLU.apply(self.x @ self.w1)
        y_pred = h_relu @ self.w2
        return (y_pred - self.y).pow(2).sum()

    def backward(self, loss: torch.Tensor) -> None:
        """Autograd calls ReLU.backward() when it comes to it."""
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
