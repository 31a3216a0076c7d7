"""Levels of mlp that are wrong on purpose, one mistake each, in the ways that people make them."""

import numpy as np
import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem
from autograd_cli.tasks.mlp import autograd, numpy, tensor


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


class MeanGradient(numpy.Mlp):
    """Reports the sum, and goes down the gradient of the mean."""

    def backward(self, loss: np.floating) -> None:
        """Gradients of the mean over the examples."""
        super().backward(loss)
        self.grad_w1, self.grad_w2 = self.grad_w1 / len(self.x), self.grad_w2 / len(self.x)


class TransposedWeight(numpy.Mlp):
    """Keeps w1 as nn.Linear does, (out, in), and forgets to turn it back for those who look at it."""

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """w1 the wrong way round."""
        return {"w1": self.w1.T, "w2": self.w2}


class TransposedProduct(numpy.Mlp):
    """Multiplies by the transpose of w1, which nothing notices where it is square."""

    def forward(self) -> np.floating:
        """Sum of squared errors of another model."""
        self.w1 = np.ascontiguousarray(self.w1.T)
        loss = super().forward()
        self.w1 = np.ascontiguousarray(self.w1.T)
        return loss


class TransposedGradient(numpy.Mlp):
    """Has the gradient of w1 the wrong way round."""

    def backward(self, loss: np.floating) -> None:
        """The two factors of the product in the wrong order."""
        super().backward(loss)
        self.grad_w1 = self.grad_w1.T


class LearningRateOff(numpy.Mlp):
    """Learns 1 % too fast."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.lr = 1.01 * config.lr


class OwnStart(numpy.Mlp):
    """Draws its own second layer."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.w2 = np.random.default_rng(config.seed).standard_normal(self.w2.shape).astype(config.dtype)


class OwnSharedStart(OwnStart):
    """Draws its own second layer right into the arrays that all levels share."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        problem.start["w2"][:] = self.w2


class UpdatesBeforeItRecords(numpy.Mlp):
    """Returns the loss after the step that it belongs before."""

    def forward(self) -> np.floating:
        """The loss of a model that has been updated already."""
        super().backward(super().forward())
        super().update()
        return super().forward()

    def update(self) -> None:
        """It is done already."""


class UpdatesInForward(UpdatesBeforeItRecords):
    """Returns the right loss, but has updated when it does."""

    def forward(self) -> np.floating:
        """The loss of the model as it was."""
        loss = numpy.Mlp.forward(self)
        numpy.Mlp.backward(self, loss)
        numpy.Mlp.update(self)
        return loss


class UpdatesInBackward(numpy.Mlp):
    """Leaves nothing to do for update()."""

    def backward(self, loss: np.floating) -> None:
        """Gradients and step in one."""
        super().backward(loss)
        super().update()

    def update(self) -> None:
        """It is done already."""


class Unseeded(numpy.Mlp):
    """Adds noise to the loss that it draws without a seed."""

    def forward(self) -> np.floating:
        """Sum of squared errors, off by some millionths."""
        noise = np.random.default_rng().uniform(1e-6, 1e-5)
        loss: np.floating = super().forward() * self.x.dtype.type(1 + noise)
        return loss


class RaisesAtStep3(numpy.Mlp):
    """Works three times."""

    count = 0

    def update(self) -> None:
        """Gradient descent, until the fourth time."""
        if self.count == 3:
            raise ValueError("no more")
        self.count += 1
        super().update()
