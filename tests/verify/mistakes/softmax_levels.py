"""Mistakes of softmax."""

from typing import Any, ClassVar

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem
from autograd_cli.tasks.softmax import numpy as softmax
from tests.verify.mistakes.planted import Planted


class OfSoftmax(Planted):
    """A wrong level of softmax."""

    task = "softmax"
    keys: ClassVar[tuple[str, ...]] = ("D_in=4", "D_out=3", "lr=0.1")


class SoftmaxSum(OfSoftmax, softmax.Softmax):
    """Summed over the outputs."""

    called = "3 = D_out of the reference's: a sum where a mean belongs"

    def forward(self) -> Any:
        return super().forward() * self.y.size


class SoftmaxBase2(OfSoftmax, softmax.Softmax):
    """Bits for nats."""

    called = "a logarithm to the base 2"

    def forward(self) -> Any:
        return super().forward() / np.log(2)


class SoftmaxFlipped(OfSoftmax, softmax.Softmax):
    """Labels the wrong way round."""

    called = "1 - y for y"

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.y = 1 - self.y


class SoftmaxOfClasses(OfSoftmax, softmax.Softmax):
    """The cross-entropy of one label alone."""

    called = "the labels' part alone"

    def forward(self) -> Any:
        super().forward()
        return -(self.y * np.log(self.p)).sum()


class SoftmaxShortGradient(OfSoftmax, softmax.Softmax):
    """p - y, which is the derivative of another loss."""

    called = "p - y"

    def backward(self, loss: Any) -> None:
        self.grad_b = self.p - self.y
        self.grad_w = np.outer(self.x, self.grad_b)


class SoftmaxWithoutX(OfSoftmax, softmax.Softmax):
    """A gradient of w without its x."""

    called = "each row of it is what b should be: the layer's input left out"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_w = np.outer(np.ones_like(self.x), self.grad_b)


class SoftmaxDiagonal(OfSoftmax, softmax.Softmax):
    """The softmax's derivative without what is off its diagonal."""

    called = r"\(p - y\)/n, .*the softmax's diagonal alone"

    def backward(self, loss: Any) -> None:
        p = self.p
        grad_p = (p - self.y) / (p * (1 - p)) / p.size
        self.grad_b = grad_p * p * (1 - p)
        self.grad_w = np.outer(self.x, self.grad_b)


class SoftmaxSigmoid(OfSoftmax, softmax.Softmax):
    """A sigmoid for each output."""

    called = "a sigmoid for the softmax"

    def forward(self) -> Any:
        super().forward()
        p = 1 / (1 + np.exp(-(self.x @ self.w + self.b)))
        return -(self.y * np.log(p) + (1 - self.y) * np.log(1 - p)).mean()


class SoftmaxHot(OfSoftmax, softmax.Softmax):
    """A temperature of 3."""

    called = None

    def forward(self) -> Any:
        w, b = self.w, self.b
        self.w, self.b = w / 3, b / 3
        loss = super().forward()
        self.w, self.b = w, b
        return loss


class SoftmaxSharpened(OfSoftmax, softmax.Softmax):
    """Gradients that are off by a factor, each entry by its own."""

    called = None

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_b = self.grad_b * np.linspace(1, 2, self.grad_b.size)
