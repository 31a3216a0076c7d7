"""Mistakes of sin, linear and softmax."""

from typing import Any

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem
from autograd_cli.tasks.linear import numpy as linear
from autograd_cli.tasks.sin import numpy as sin
from autograd_cli.tasks.sin import reference
from autograd_cli.tasks.softmax import numpy as softmax
from tests.verify.mistakes.planted import Planted


class SinMean(Planted, sin.Sin):
    """The mean over the points."""

    named = "1/9 = 1/N of it: a mean where a sum belongs"

    def forward(self) -> Any:
        return super().forward() / len(self.x)


class SinMeanGradient(Planted, sin.Sin):
    """Divides what it reports as a sum."""

    named = "1/9 = 1/N of the reference's, all arrays alike: a mean where a sum belongs"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_a, self.grad_b, self.grad_c, self.grad_d = (
            g / len(self.x) for g in (self.grad_a, self.grad_b, self.grad_c, self.grad_d)
        )


class SinOneFactor(Planted, sin.Sin):
    """A factor that no size explains, in one number."""

    named = None

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_c = 1.2345678 * self.grad_c


class SinNoTwo(Planted, sin.Sin):
    """One derivative without its 2."""

    named = "1/2 of the reference's: a factor 2 forgotten"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_c = 0.5 * self.grad_c


class SinWrongPower(Planted, sin.Sin):
    """x for x² in one derivative."""

    named = "it is what that of b should be: one taken for the other, or a factor left out"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_c = self.grad_b


class SinExchanged(Planted, sin.Sin):
    """Takes b for c and c for b."""

    named = "with b for c, and c for b"

    def forward(self) -> Any:
        self.b, self.c = self.c, self.b
        loss = super().forward()
        self.b, self.c = self.c, self.b
        return loss


class SinTooFast(Planted, sin.Sin):
    """A learning rate that is off."""

    named = r"1\.5 times as long, all parameters alike: a learning rate of 0\.0015"

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.lr = 1.5 * config.lr


class SinNotTrained(Planted, sin.Sin):
    """A coefficient left alone."""

    named = "as it was before: not trained"

    def update(self) -> None:
        d = self.d
        super().update()
        self.d = d


class SinConstantAdded(Planted, sin.Sin):
    """A constant in the loss."""

    named = None

    def forward(self) -> Any:
        return super().forward() + 0.77


class LegendreInner(Planted, reference.Legendre):
    """Forgets the factor b on the way to c."""

    model = "legendre"
    named = "1/b of the reference's: the factor b forgotten"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.gradients["c"] = self.gradients["c"] / self.parameters["b"]


class LegendreWithoutX(Planted, reference.Legendre):
    """Forgets the factor x on the way to d."""

    model = "legendre"
    named = "what that of c should be: .*a factor left out"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.gradients["d"] = self.gradients["c"]


class LinearSum(Planted, linear.Linear):
    """The sum, where this task has the mean."""

    named = "5 = N of it: a sum where a mean belongs"

    def forward(self) -> Any:
        return super().forward() * len(self.x)


class LinearBroadcast(Planted, linear.Linear):
    """y as (N,), so that every prediction is held against every target."""

    named = r"each prediction against every target: \(N, 1\) against \(N,\)"

    def forward(self) -> Any:
        super().forward()
        return np.square(self.y_pred - self.y[:, 0]).mean()


class LinearGradientSummed(Planted, linear.Linear):
    """Forgets that a mean leaves its 1/N."""

    named = "5 = N of the reference's, all arrays alike: a sum where a mean belongs"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_w, self.grad_b = len(self.x) * self.grad_w, len(self.x) * self.grad_b


class LinearWithoutX(Planted, linear.Linear):
    """A gradient of w without its x."""

    named = "that of b should be|what b should be"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_w = self.grad_b[None]


class LinearBiasNotTrained(Planted, linear.Linear):
    """A bias that stays."""

    named = "as it was before: not trained"

    def update(self) -> None:
        self.w = self.w - self.lr * self.grad_w


class LinearScaled(Planted, linear.Linear):
    """Inputs brought to [0, 1]."""

    named = r"scaled to \[0, 1\]"

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.x = (self.x - self.x.min()) / (self.x.max() - self.x.min())


class LinearOddRate(Planted, linear.Linear):
    """A factor that two numbers could have by chance."""

    named = None

    def update(self) -> None:
        self.w = self.w - 1.2345678 * self.lr * self.grad_w
        self.b = self.b - 1.2345678 * self.lr * self.grad_b


class SoftmaxSum(Planted, softmax.Softmax):
    """Summed over the outputs."""

    named = "3 = D_out of it: a sum where a mean belongs"

    def forward(self) -> Any:
        return super().forward() * self.y.size


class SoftmaxBase2(Planted, softmax.Softmax):
    """Bits for nats."""

    named = "a logarithm to the base 2"

    def forward(self) -> Any:
        return super().forward() / np.log(2)


class SoftmaxFlipped(Planted, softmax.Softmax):
    """Labels the wrong way round."""

    named = "1 - y for y"

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.y = 1 - self.y


class SoftmaxOfClasses(Planted, softmax.Softmax):
    """The cross-entropy of one label alone."""

    named = "the labels' part alone"

    def forward(self) -> Any:
        super().forward()
        return -(self.y * np.log(self.p)).sum()


class SoftmaxShortGradient(Planted, softmax.Softmax):
    """p - y, which is the derivative of another loss."""

    named = "p - y"

    def backward(self, loss: Any) -> None:
        self.grad_b = self.p - self.y
        self.grad_w = np.outer(self.x, self.grad_b)


class SoftmaxWithoutX(Planted, softmax.Softmax):
    """A gradient of w without its x."""

    named = "each row of it is what b should be: the layer's input left out"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_w = np.outer(np.ones_like(self.x), self.grad_b)


class SoftmaxDiagonal(Planted, softmax.Softmax):
    """The softmax's derivative without what is off its diagonal."""

    named = r"\(p - y\)/n, .*the softmax's diagonal alone"

    def backward(self, loss: Any) -> None:
        p = self.p
        grad_p = (p - self.y) / (p * (1 - p)) / p.size
        self.grad_b = grad_p * p * (1 - p)
        self.grad_w = np.outer(self.x, self.grad_b)


class SoftmaxSigmoid(Planted, softmax.Softmax):
    """A sigmoid for each output."""

    named = "a sigmoid for the softmax"

    def forward(self) -> Any:
        super().forward()
        p = 1 / (1 + np.exp(-(self.x @ self.w + self.b)))
        return -(self.y * np.log(p) + (1 - self.y) * np.log(1 - p)).mean()


class SoftmaxHot(Planted, softmax.Softmax):
    """A temperature of 3."""

    named = None

    def forward(self) -> Any:
        w, b = self.w, self.b
        self.w, self.b = w / 3, b / 3
        loss = super().forward()
        self.w, self.b = w, b
        return loss


class SoftmaxSharpened(Planted, softmax.Softmax):
    """Gradients that are off by a factor, each entry by its own."""

    named = None

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_b = self.grad_b * np.linspace(1, 2, self.grad_b.size)
