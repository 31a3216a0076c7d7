"""Levels of mlp on tensors that are wrong on purpose, one mistake each."""

import torch

from autograd_cli.tasks.mlp import autograd, tensor


class ClampedGradient(tensor.Mlp):
    """The document's `tensor` program at batch 100: it clamps the gradient where it should mask it."""

    def backward(self, loss: torch.Tensor) -> None:  # noqa: ARG002 - the protocol's signature
        """ReLU's gradient with its negative part cut off, whatever the sign of the pre-activation was."""
        grad_y_pred = 2.0 * (self.y_pred - self.y)
        self.grad_w2 = self.h_relu.T @ grad_y_pred
        grad_h_relu = grad_y_pred @ self.w2.T
        self.grad_w1 = self.x.T @ grad_h_relu.clamp(min=0)


class NeverZeroed(autograd.Mlp):
    """Forgets to clear .grad, so that every backward() adds to those before it."""

    def backward(self, loss: torch.Tensor) -> None:
        """Gradients, on top of those that are there."""
        loss.backward()  # type: ignore[no-untyped-call]


class MeanLoss(autograd.Mlp):
    """Takes the mean of the squared errors where the sum belongs, as nn.MSELoss() does by default."""

    def forward(self) -> torch.Tensor:
        """Mean of squared errors."""
        return super().forward() / self.y.numel()
