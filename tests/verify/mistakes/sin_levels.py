"""Mistakes of sin."""

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem
from autograd_cli.tasks.sin import numpy as sin
from autograd_cli.tasks.sin import reference
from autograd_cli.verify.rules import SGD
from tests.verify.mistakes.planted import Planted


class OfSin(Planted):
    """A wrong level of sin."""

    task = "sin"
    keys: ClassVar[tuple[str, ...]] = ("N=9", "lr=1e-3")


class SinMean(OfSin, sin.Sin):
    """The mean over the points."""

    called = "1/9 = 1/N of the reference's: a mean where a sum belongs"

    def forward(self) -> Any:
        return super().forward() / len(self.x)


class SinMeanGradient(OfSin, sin.Sin):
    """Divides what it reports as a sum."""

    called = "1/9 = 1/N of the reference's, all arrays alike: a mean where a sum belongs"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_a, self.grad_b, self.grad_c, self.grad_d = (
            g / len(self.x) for g in (self.grad_a, self.grad_b, self.grad_c, self.grad_d)
        )


class SinOneFactor(OfSin, sin.Sin):
    """A factor that no size explains, in one number."""

    called = None

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_c = 1.2345678 * self.grad_c


class SinNoTwo(OfSin, sin.Sin):
    """One derivative without its 2."""

    called = "1/2 of the reference's: a factor 2 forgotten"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_c = 0.5 * self.grad_c


class SinWrongPower(OfSin, sin.Sin):
    """x for x² in one derivative."""

    called = "it is what that of b should be: one taken for the other, or a factor left out"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_c = self.grad_b


class SinExchanged(OfSin, sin.Sin):
    """Takes b for c and c for b."""

    called = "with b for c, and c for b"

    def forward(self) -> Any:
        self.b, self.c = self.c, self.b
        loss = super().forward()
        self.b, self.c = self.c, self.b
        return loss


class SinTooFast(OfSin, sin.Sin):
    """A learning rate that is off."""

    called = r"1\.5 times as long, all parameters alike: a learning rate of 0\.0015"

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.lr = 1.5 * config.lr


class SinNotTrained(OfSin, sin.Sin):
    """A coefficient left alone."""

    called = "as it was before: not trained"

    def update(self) -> None:
        d = self.d
        super().update()
        self.d = d


class SinConstantAdded(OfSin, sin.Sin):
    """A constant in the loss."""

    called = None

    def forward(self) -> Any:
        return super().forward() + 0.77


class SinOwnData(OfSin, sin.Sin):
    """Makes the points of the task itself, whatever it is handed."""

    called = "with the task's x and y for these settings: data of its own"

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(replace(problem, x=np.linspace(-np.pi, np.pi, config.N)), config)
        self.y = np.sin(self.x)


class SinExchangedStart(OfSin, sin.Sin):
    """Starts a where d should start."""

    called = "what that of d should be: one taken for the other"

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.a, self.d = self.d, self.a


class Legendre(reference.Legendre):
    """The model with the rule of update that the reference leaves to others."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.lr = config.lr

    def update(self) -> None:
        """Plain SGD."""
        self.parameters = {n: p - self.lr * self.gradients[n] for n, p in self.parameters.items()}


class LegendreInner(OfSin, Legendre):
    """Forgets the factor b on the way to c."""

    model = "legendre"
    keys = ("N=9", "lr=1e-3", "b=0.7")
    called = "1/b of the reference's: the factor b forgotten"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.gradients["c"] = self.gradients["c"] / self.parameters["b"]


class LegendreWithoutX(OfSin, Legendre):
    """Forgets the factor x on the way to d."""

    model = "legendre"
    called = "what that of c should be: .*a factor left out"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.gradients["d"] = self.gradients["c"]


class OneMoreTerm(OfSin, reference.Dynamic):
    """A term in e where none was drawn."""

    model = "dynamic"
    called = "on path 1, where 0 was drawn: .*a loop that goes too far"
    keys = ("N=9", "lr=1e-6")

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.extra_terms = (terms or 1 for terms in problem.choices(3))
        self.rule = SGD(config.lr, config.momentum)

    def update(self) -> None:
        """SGD with momentum."""
        self.parameters = self.rule.step(self.parameters, self.gradients)
