"""Mistakes of mlp that show in the loss."""

from typing import Any

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem
from autograd_cli.tasks.mlp import numpy
from tests.verify.mistakes.planted import Planted

SQUARE = ("D_in=6", "H=6")


class OtherLoss(numpy.Mlp):
    """A level whose loss is another function of the same predictions."""

    def forward(self) -> Any:
        """The loss that `of` makes of the right one."""
        return self.of(super().forward())

    def of(self, loss: Any) -> Any:
        """Another loss."""
        raise NotImplementedError


class MeanLoss(Planted, OtherLoss):
    """The mean over all entries, as nn.MSELoss takes it by default."""

    called = r"1/27 = 1/\(N D_out\) of the reference's: a mean where a sum belongs\?"

    def of(self, loss: Any) -> Any:
        return loss / self.y.size


class MeanOverExamples(Planted, OtherLoss):
    """The mean over the examples."""

    called = r"1/9 = 1/N of the reference's: a mean where a sum belongs"

    def of(self, loss: Any) -> Any:
        return loss / len(self.y)


class HalfLoss(Planted, OtherLoss):
    """The half that makes the derivative shorter."""

    called = r"1/2 of the reference's: a factor 2 forgotten"

    def of(self, loss: Any) -> Any:
        return loss / 2


class NegativeLoss(Planted, OtherLoss):
    """What somebody who maximises would report."""

    called = "opposite sign"

    def of(self, loss: Any) -> Any:
        return -loss


class RootLoss(Planted, OtherLoss):
    """The root of the mean square."""

    called = r"the root of the reference's over 27"

    def of(self, loss: Any) -> Any:
        return np.sqrt(loss / self.y.size)


class AbsoluteErrors(Planted, OtherLoss):
    """The sum of absolute errors."""

    called = "absolute errors would be"

    def of(self, loss: Any) -> Any:
        return np.abs(self.y_pred - self.y).sum()


class HuberLoss(Planted, OtherLoss):
    """torch's SmoothL1Loss, averaged."""

    called = "Huber's loss, averaged,"

    def of(self, loss: Any) -> Any:
        e = np.abs(self.y_pred - self.y)
        return np.where(e <= 1, e**2 / 2, e - 0.5).mean()


class SquareOfSum(Planted, OtherLoss):
    """Sums up before it squares."""

    called = "the square of the errors' sum"

    def of(self, loss: Any) -> Any:
        return np.square((self.y_pred - self.y).sum())


class FirstOutputAlone(Planted, OtherLoss):
    """Indexes where it should not."""

    called = "the first output alone"

    def of(self, loss: Any) -> Any:
        return np.square((self.y_pred - self.y)[:, 0]).sum()


class LossOfTheStepBefore(Planted, OtherLoss):
    """Returns what it kept."""

    called = "the reference's of step 0: not computed anew"
    kept: Any = None

    def of(self, loss: Any) -> Any:
        kept, self.kept = self.kept, loss
        return loss if kept is None else kept


class SumOfLosses(Planted, OtherLoss):
    """Adds up over the steps."""

    called = "sum of .*: never started anew"
    total = 0.0

    def of(self, loss: Any) -> Any:
        self.total = self.total + loss
        return np.asarray(self.total)


class LossAfterUpdate(Planted, OtherLoss):
    """Records after the update, on a copy."""

    called = "the reference's of step 1: updated before it is recorded"

    def of(self, loss: Any) -> Any:
        numpy.Mlp.backward(self, loss)
        w1, w2 = self.w1 - self.lr * self.grad_w1, self.w2 - self.lr * self.grad_w2
        return np.square(np.maximum(self.x @ w1, 0) @ w2 - self.y).sum()


class RoundedLoss(Planted, OtherLoss):
    """Two decimals, as it is printed."""

    called = "rounded to 2 decimals"

    def of(self, loss: Any) -> Any:
        return np.asarray(round(float(loss), 2))


class Float32Loss(Planted, OtherLoss):
    """A sum in float32."""

    called = "float32"

    def of(self, loss: Any) -> Any:
        return np.square((self.y_pred - self.y).astype(np.float32)).sum(dtype=np.float32)


class LossWithPenalty(Planted, OtherLoss):
    """A penalty on the weights that nobody asked for."""

    called = r"0\.01 times the parameters' squares: a penalty on weights"

    def of(self, loss: Any) -> Any:
        return loss + 0.01 * (np.square(self.w1).sum() + np.square(self.w2).sum())


class OtherForward(numpy.Mlp):
    """A level with another network."""

    def forward(self) -> Any:
        """The sum of squared errors of `predict`."""
        super().forward()
        return np.square(self.predict() - self.y).sum()

    def predict(self) -> Any:
        """Predictions (N, D_out)."""
        raise NotImplementedError


class NoReLU(Planted, OtherForward):
    """Two layers without anything between."""

    called = "no ReLU"

    def predict(self) -> Any:
        return self.x @ self.w1 @ self.w2


class Sigmoid(Planted, OtherForward):
    """A sigmoid between the layers."""

    called = "a sigmoid for the ReLU"

    def predict(self) -> Any:
        return 1 / (1 + np.exp(-self.h)) @ self.w2


class LeakyReLU(Planted, OtherForward):
    """torch's LeakyReLU."""

    called = r"a leaky ReLU \(0\.01\)"

    def predict(self) -> Any:
        return np.maximum(self.h, 0.01 * self.h) @ self.w2


class ReLUOnOutput(Planted, OtherForward):
    """A ReLU after the last layer as well."""

    called = "a ReLU on the output"

    def predict(self) -> Any:
        return np.maximum(self.y_pred, 0)


class TransposedProduct(Planted, OtherForward):
    """Multiplies by the transpose of w1, which nothing notices where it is square."""

    called = "with w1 transposed"
    keys = SQUARE

    def predict(self) -> Any:
        return np.maximum(self.x @ self.w1.T, 0) @ self.w2


class ReshapedProduct(Planted, OtherForward):
    """Keeps w1 as (out, in), and reshapes where it should transpose."""

    called = "with w1 reshaped where it should be transposed"

    def predict(self) -> Any:
        return np.maximum(self.x @ self.w1.T.reshape(self.w1.shape), 0) @ self.w2


class CopyOfWeights(Planted, numpy.Mlp):
    """Predicts with a copy of w2 that stays as it was at the start."""

    called = "with w2 of the (start|step before): a copy that update"

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.copy = self.w2.copy()

    def forward(self) -> Any:
        """As if w2 were not trained."""
        super().forward()
        self.y_pred = self.h_relu @ self.copy
        return np.square(self.y_pred - self.y).sum()


class ExtraBias(Planted, numpy.Mlp):
    """Trains a bias that starts at 0."""

    called = r"a bias that starts at 0 \(b2\)"

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.b2 = np.zeros(self.y.shape[1])

    def forward(self) -> Any:
        """With the bias of the second layer."""
        super().forward()
        self.y_pred = self.y_pred + self.b2
        return np.square(self.y_pred - self.y).sum()

    def update(self) -> None:
        """And of the bias."""
        self.b2 = self.b2 - self.lr * 2 * (self.y_pred - self.y).sum(0)
        super().update()


class OtherData(numpy.Mlp):
    """A level that makes something else of the data."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.x, self.y = self.change(self.x, self.y)

    def change(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Other inputs and targets."""
        raise NotImplementedError


class LastExampleLost(Planted, OtherData):
    """A range that ends too early."""

    called = "the last row left out"

    def change(self, x: Any, y: Any) -> tuple[Any, Any]:
        return x[:-1], y[:-1]


class MisalignedTargets(Planted, OtherData):
    """Targets of the example before."""

    called = "y shifted by one row against x"

    def change(self, x: Any, y: Any) -> tuple[Any, Any]:
        return x, np.roll(y, 1, 0)


class ReversedExamples(Planted, OtherData):
    """Inputs in reverse, targets not."""

    called = "the rows of y in reverse"

    def change(self, x: Any, y: Any) -> tuple[Any, Any]:
        return x[::-1], y


class StandardisedInputs(Planted, OtherData):
    """What people do to data without being asked."""

    called = "x, each column by itself, scaled to mean 0 and deviation 1"

    def change(self, x: Any, y: Any) -> tuple[Any, Any]:
        return (x - x.mean(0)) / x.std(0), y


class NoTargets(Planted, OtherData):
    """Targets that were never filled in."""

    called = "targets of 0"

    def change(self, x: Any, y: Any) -> tuple[Any, Any]:
        return x, np.zeros_like(y)


class Float32Inputs(Planted, OtherData):
    """A cast on the way in."""

    called = "with x rounded to float32: a cast"

    def change(self, x: Any, y: Any) -> tuple[Any, Any]:
        return x.astype(np.float32).astype(np.float64), y


class Float16Data(Planted, OtherData):
    """A cast of both."""

    called = "with x and y rounded to float16: a cast"

    def change(self, x: Any, y: Any) -> tuple[Any, Any]:
        return x.astype(np.float16).astype(np.float64), y.astype(np.float16).astype(np.float64)


class Bfloat16Weights(Planted, OtherForward):
    """A product of weights in half precision, their upper 16 bits, as cut off from float32."""

    called = None  # cut off, where a cast rounds

    def predict(self) -> Any:
        bits = self.w2.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)
        return self.h_relu @ bits.view(np.float32).astype(np.float64)


class Float16Weights(Planted, OtherForward):
    """A product of weights in half precision."""

    called = "with w2 rounded to float16"

    def predict(self) -> Any:
        return self.h_relu @ self.w2.astype(np.float16).astype(np.float64)


class Dropout(Planted, OtherForward):
    """Every hidden unit but some, always the same."""

    called = None

    def predict(self) -> Any:
        kept = np.random.default_rng(5).random(self.h.shape) > 0.2
        return (self.h_relu * kept / 0.8) @ self.w2


class LayerNorm(Planted, OtherForward):
    """A normalisation that the model has not."""

    called = None

    def predict(self) -> Any:
        h = (self.h - self.h.mean(1, keepdims=True)) / self.h.std(1, keepdims=True)
        return np.maximum(h, 0) @ self.w2


class OtherOutputs(Planted, OtherForward):
    """A skip connection."""

    called = None

    def predict(self) -> Any:
        return self.y_pred + self.x[:, :1]


class NoisyLoss(Planted, OtherLoss):
    """Off by some thousandths."""

    called = None

    def of(self, loss: Any) -> Any:
        return loss * 1.0012345678


class NoisyTargets(Planted, OtherData):
    """Label noise."""

    called = None

    def change(self, x: Any, y: Any) -> tuple[Any, Any]:
        return x, y + 1e-3 * np.random.default_rng(1).standard_normal(y.shape)


class MeanOfAbsoluteErrorsWithoutReLU(Planted, OtherLoss):
    """Two at once: another loss, and no ReLU."""

    called = None

    def of(self, loss: Any) -> Any:
        return np.abs(self.x @ self.w1 @ self.w2 - self.y).mean()


class MeanOfFewer(Planted, OtherData):
    """Two at once: a row left out, and a mean."""

    called = None

    def change(self, x: Any, y: Any) -> tuple[Any, Any]:
        return x[:-1], y[:-1]

    def forward(self) -> Any:
        """The mean."""
        return super().forward() / self.y.size


class ZeroLoss(Planted, OtherLoss):
    """Compares predictions with themselves."""

    called = "it is 0: nothing added up"

    def of(self, loss: Any) -> Any:
        return 0 * loss
