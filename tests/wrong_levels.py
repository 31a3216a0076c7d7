"""Levels that are wrong on purpose."""

import torch

from autograd_cli.tasks.mlp.tensor import Mlp


class ClampedGradient(Mlp):
    """The document's `tensor` program at batch 100: it clamps the gradient where it should mask it."""

    def backward(self, loss: torch.Tensor) -> None:  # noqa: ARG002 - the protocol's signature
        """ReLU's gradient with its negative part cut off, whatever the sign of the pre-activation was."""
        grad_y_pred = 2.0 * (self.y_pred - self.y)
        self.grad_w2 = self.h_relu.T @ grad_y_pred
        grad_h_relu = grad_y_pred @ self.w2.T
        self.grad_w1 = self.x.T @ grad_h_relu.clamp(min=0)
