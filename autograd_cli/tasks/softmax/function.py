"""Level 4, a Function of your own: softmax with its own derivative, as an operation inside autograd."""

from typing import Any

import torch
from torch.nn.functional import binary_cross_entropy

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class SoftmaxFunction(torch.autograd.Function):
    """pᵢ = exp(zᵢ) / Σₖ exp(zₖ) for z (n,); dpᵢ/dzⱼ = pᵢ ([i = j] - pⱼ)."""

    @staticmethod
    def forward(ctx: Any, z: torch.Tensor) -> torch.Tensor:
        """Compute the output, and save what the way back needs: here the output itself."""
        e = (z - z.max()).exp()  # the largest exponential is 1, so none overflows
        p = e / e.sum()
        ctx.save_for_backward(p)
        return p

    @staticmethod
    def backward(ctx: Any, grad_output: torch.Tensor) -> torch.Tensor:
        """The loss's derivative by z, from its derivative by the output: Σᵢ gᵢ pᵢ ([i = j] - pⱼ)."""
        (p,) = ctx.saved_tensors
        gp = grad_output * p
        return gp - p * gp.sum()


class Softmax:
    """softmax(x w + b) with x (D_in,), w (D_in, D_out), b (D_out,)."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        self.x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        self.w = torch.tensor(problem.start["w"], dtype=dtype, device=device, requires_grad=True)
        self.b = torch.tensor(problem.start["b"], dtype=dtype, device=device, requires_grad=True)
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        """Binary cross-entropy, the mean over the outputs; apply() is how a Function is called."""
        outputs = SoftmaxFunction.apply(self.x @ self.w + self.b)
        return binary_cross_entropy(outputs, self.y)

    def backward(self, loss: torch.Tensor) -> None:
        """Autograd calls SoftmaxFunction.backward() when it comes to it."""
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
