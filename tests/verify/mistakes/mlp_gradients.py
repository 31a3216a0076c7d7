"""Mistakes of mlp that show in a gradient."""

from typing import Any

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem
from autograd_cli.tasks.mlp import numpy
from tests.verify.mistakes.planted import Planted

SQUARE = ("D_in=6", "H=6")


class OtherGradients(numpy.Mlp):
    """A level that makes something else of the right gradients."""

    def backward(self, loss: Any) -> None:
        """Both gradients, changed."""
        super().backward(loss)
        self.grad_w1, self.grad_w2 = self.change(self.grad_w1, self.grad_w2)

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        """Other gradients."""
        raise NotImplementedError


class MeanGradient(Planted, OtherGradients):
    """Reports the sum, and goes down the gradient of the mean."""

    called = r"1/9 = 1/N of the reference's, all arrays alike: a mean where a sum belongs\?"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return w1 / len(self.x), w2 / len(self.x)


class MeanOverAll(Planted, OtherGradients):
    """The mean over all entries."""

    called = r"1/27 = 1/\(N D_out\) of the reference's, all arrays alike: a mean"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return w1 / self.y.size, w2 / self.y.size


class NoTwo(Planted, OtherGradients):
    """The derivative of a square without its 2."""

    called = "1/2 of the reference's, all arrays alike: a factor 2 forgotten"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return w1 / 2, w2 / 2


class OneScaled(Planted, OtherGradients):
    """One of the two has a factor of its own."""

    called = "1.7 of the reference's, all entries alike: a constant factor"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return w1, 1.7 * w2


class WrongSign(Planted, OtherGradients):
    """y - y_pred for y_pred - y."""

    called = "opposite sign"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return -w1, -w2


class TransposedGradient(Planted, OtherGradients):
    """The two factors of the product in the wrong order."""

    called = "transposed"
    keys = SQUARE

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return w1.T, w2


class ReshapedGradient(Planted, OtherGradients):
    """A reshape that makes the shape right."""

    called = "reshaped where a transpose belongs"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return w1.T.reshape(w1.shape), w2


class Detached(Planted, OtherGradients):
    """A first layer that nothing reaches."""

    called = "it is 0: detached"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return np.zeros_like(w1), w2


class NeverZeroed(Planted, OtherGradients):
    """Adds to what is there."""

    called = "the sum of .*: never zeroed"
    sums: tuple[Any, Any] = (0.0, 0.0)

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        self.sums = (self.sums[0] + w1, self.sums[1] + w2)
        return self.sums


class StaleGradient(Planted, OtherGradients):
    """Shows those of the step before."""

    called = "of step 0: not computed anew"
    kept: tuple[Any, Any] | None = None

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        kept, self.kept = self.kept, (w1, w2)
        return (w1, w2) if kept is None else kept


class Velocity(Planted, OtherGradients):
    """Shows the velocity of a momentum."""

    called = "0.9 of the last step's: a momentum"
    v: tuple[Any, Any] = (0.0, 0.0)

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        self.v = (0.9 * self.v[0] + w1, 0.9 * self.v[1] + w2)
        return self.v


class ClippedByValue(Planted, OtherGradients):
    """Clips every entry."""

    called = r"no entry is beyond 5, .*clipped by value"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return np.clip(w1, -5, 5), np.clip(w2, -5, 5)


class ClippedByNorm(Planted, OtherGradients):
    """Clips the norm of all, as torch does."""

    called = r"the norm 1, with the reference's direction: clipped by norm"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        norm = np.sqrt(np.square(w1).sum() + np.square(w2).sum())
        factor = min(1, 1 / (norm + 1e-6))
        return w1 * factor, w2 * factor


class GradientPenalty(Planted, OtherGradients):
    """A penalty on the weights that the loss does not have."""

    called = r"0\.02 times the parameters: a penalty on weights"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return w1 + 0.02 * self.w1, w2 + 0.02 * self.w2


class Float32Gradient(Planted, OtherGradients):
    """Keeps gradients in float32."""

    called = "rounded to float32: a cast"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return w1.astype(np.float32), w2.astype(np.float32)


class Float16Gradient(Planted, OtherGradients):
    """Keeps gradients in float16."""

    called = "rounded to float16: a cast"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return w1.astype(np.float16), w2.astype(np.float16)


class Bfloat16Gradient(Planted, OtherGradients):
    """Keeps one gradient in bfloat16, in which every other tie goes up."""

    called = "rounded to bfloat16: a cast"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        import torch

        return torch.tensor(w1).bfloat16().double().numpy(), w2


class ShuffledRows(Planted, OtherGradients):
    """Rows in the order of a permutation."""

    called = "rows in another order"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return w1[np.random.default_rng(3).permutation(len(w1))], w2


class SpreadMean(Planted, OtherGradients):
    """A mean with keepdims, broadcast back."""

    called = "along axis 0 are all the mean of the reference's: a broadcast"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return w1.mean(0, keepdims=True) + np.zeros_like(w1), w2


class NegativePartCut(Planted, OtherGradients):
    """A ReLU applied to a gradient."""

    called = "with its negative entries 0: clamped"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return w1, np.maximum(w2, 0)


class OneEntryWrong(Planted, OtherGradients):
    """One entry is not what it should be."""

    called = None

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        w1[0, 0] += 0.123
        return w1, w2


class GradientNoise(Planted, OtherGradients):
    """Each entry with its own factor."""

    called = None

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return w1 * np.random.default_rng(4).uniform(0.9, 1.1, w1.shape), w2


class MeanAndTransposed(Planted, OtherGradients):
    """Two at once."""

    called = None
    keys = SQUARE

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return w1.T / len(self.x), w2 / len(self.x)


class MeanAndSign(Planted, OtherGradients):
    """Two at once, of which both are factors."""

    called = r"-1/9 = -1/N of the reference's, .*a mean where a sum belongs, with the opposite sign"

    def change(self, w1: Any, w2: Any) -> tuple[Any, Any]:
        return -w1 / len(self.x), -w2 / len(self.x)


class OtherBackward(numpy.Mlp):
    """A level with another way back to w1."""

    def backward(self, loss: Any) -> None:
        """The gradient of w2 is right."""
        super().backward(loss)
        grad_h_relu = 2.0 * (self.y_pred - self.y) @ self.w2.T
        self.grad_w1 = self.x.T @ self.back(grad_h_relu)

    def back(self, grad: Any) -> Any:
        """The gradient of h, given that of h_relu."""
        raise NotImplementedError


class ClampedGradient(Planted, OtherBackward):
    """The document's `tensor` program at batch 100: a clamp where a mask belongs."""

    called = "a clamp for the mask"

    def back(self, grad: Any) -> Any:
        return np.maximum(grad, 0)


class MaskForgotten(Planted, OtherBackward):
    """ReLU's derivative left out."""

    called = "no mask"

    def back(self, grad: Any) -> Any:
        return grad


class MaskTurned(Planted, OtherBackward):
    """A comparison the wrong way round."""

    called = "the mask turned round"

    def back(self, grad: Any) -> Any:
        return grad * (self.h < 0)


class MaskOfGradient(Planted, OtherBackward):
    """Sets grad_h to 0 where grad_h is below 0, and where h is."""

    called = "a clamp beside the mask"

    def back(self, grad: Any) -> Any:
        return np.maximum(grad, 0) * (self.h > 0)


class LeakyMask(Planted, OtherBackward):
    """A leaky derivative of a ReLU that is none."""

    called = r"the mask of a leaky ReLU \(0\.01\)"

    def back(self, grad: Any) -> Any:
        return np.where(self.h > 0, grad, 0.01 * grad)


class SigmoidBack(Planted, OtherBackward):
    """The derivative of another activation."""

    called = "a sigmoid's derivative for ReLU's"

    def back(self, grad: Any) -> Any:
        s = 1 / (1 + np.exp(-self.h))
        return grad * s * (1 - s)


class LastRowLeftOut(Planted, OtherBackward):
    """The last example has no gradient in w1."""

    called = "the last row left out"

    def back(self, grad: Any) -> Any:
        grad = grad * (self.h > 0)
        grad[-1] = 0
        return grad


class OldWeightsBack(Planted, OtherBackward):
    """Goes back through the w2 of the step before."""

    called = "on a way back through the weights of step 0: old ones"
    old: Any = None

    def back(self, grad: Any) -> Any:
        old, self.old = self.old, self.w2.copy()
        if old is not None:
            grad = 2.0 * (self.y_pred - self.y) @ old.T
        return grad * (self.h > 0)


class OwnMask(Planted, OtherBackward):
    """Dropout on the way back."""

    called = None

    def back(self, grad: Any) -> Any:
        return grad * (self.h > 0) * (np.random.default_rng(8).random(grad.shape) > 0.3)


class Biased(numpy.Mlp):
    """Mlp with biases."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.b1, self.b2 = problem.start["b1"].copy(), problem.start["b2"].copy()

    def forward(self) -> Any:
        """Sum of squared errors."""
        self.h = self.hidden()
        self.h_relu = np.maximum(self.h, 0)
        self.y_pred = self.h_relu @ self.w2 + self.b2
        return np.square(self.y_pred - self.y).sum()

    def hidden(self) -> Any:
        """H (N, H)."""
        return self.x @ self.w1 + self.b1

    def backward(self, loss: Any) -> None:
        """Gradients of weights and biases."""
        super().backward(loss)
        grad = 2.0 * (self.y_pred - self.y)
        self.grad_b2 = self.over_examples(grad)
        self.grad_b1 = ((grad @ self.w2.T) * (self.h > 0)).sum(0)

    def over_examples(self, grad: Any) -> Any:
        """The gradient of b2."""
        return grad.sum(0)

    def update(self) -> None:
        """Plain SGD."""
        super().update()
        self.b1 = self.b1 - self.lr * self.grad_b1
        self.b2 = self.b2 - self.lr * self.grad_b2

    parameters = property(lambda self: {"w1": self.w1, "w2": self.w2, "b1": self.b1, "b2": self.b2})
    gradients = property(
        lambda self: {"w1": self.grad_w1, "w2": self.grad_w2, "b1": self.grad_b1, "b2": self.grad_b2}
    )


class BiasAveraged(Planted, Biased):
    """A mean over the examples for the bias alone."""

    called = r"1/9 = 1/N of the reference's, all entries alike: a mean"
    keys = ("bias=true",)

    def over_examples(self, grad: Any) -> Any:
        return grad.mean(0)


class BiasOverTheWrongAxis(Planted, Biased):
    """Sums over the outputs, which fits where N = D_out."""

    called = "over the wrong axis"
    keys = ("bias=true", "N=4", "D_out=4")

    def over_examples(self, grad: Any) -> Any:
        return grad.sum(1)


class BiasForgotten(Planted, Biased):
    """Has a bias, and does not add it."""

    called = "with b1 left out"
    keys = ("bias=true",)

    def hidden(self) -> Any:
        return self.x @ self.w1


class BiasNotTrained(Planted, Biased):
    """A bias that is a buffer."""

    called = "as it was before: not trained"
    keys = ("bias=true",)

    def update(self) -> None:
        """Of the weights and b2 alone."""
        b1 = self.b1
        super().update()
        self.b1 = b1
