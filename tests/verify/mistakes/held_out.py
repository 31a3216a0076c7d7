"""Mistakes that were thought of after the hypotheses, many of them on tensors."""

from typing import Any

import numpy as np
import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem
from autograd_cli.tasks.linear import numpy as linear
from autograd_cli.tasks.mlp import autograd, numpy, optim
from autograd_cli.tasks.sin import numpy as sin
from autograd_cli.tasks.softmax import numpy as softmax
from tests.verify.mistakes.linear_levels import OfLinear
from tests.verify.mistakes.planted import Planted
from tests.verify.mistakes.sin_levels import OfSin
from tests.verify.mistakes.softmax_levels import OfSoftmax

PLAIN = ("bias=false", "optimizer=SGD")


class TorchMean(Planted, optim.Mlp):
    """nn.MSELoss as it is by default."""

    called = r"1/27 = 1/\(N D_out\) of the reference's: a mean"
    keys = PLAIN

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.loss_fn = nn.MSELoss()


class TorchNotZeroed(Planted, optim.Mlp):
    """Forgets zero_grad()."""

    called = "the sum of .*: never zeroed"
    keys = PLAIN

    def backward(self, loss: torch.Tensor) -> None:
        loss.backward()  # type: ignore[no-untyped-call]


class TorchDecay(Planted, optim.Mlp):
    """A weight decay in the optimiser."""

    called = r"0\.01 lr times the parameters as well: a weight decay"
    keys = PLAIN

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=config.lr, weight_decay=0.01)


class TorchNesterov(Planted, optim.Mlp):
    """A momentum of Nesterov's that nobody has asked for."""

    called = r"Nesterov's momentum of 0\.9"
    keys = PLAIN

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        parameters = self.model.parameters()
        self.optimizer = torch.optim.SGD(parameters, lr=config.lr, momentum=0.9, nesterov=True)


class TorchAdamDefaults(Planted, optim.Mlp):
    """Adam with the learning rate that it has by itself."""

    called = r"0\.1 times as long, all parameters alike: a learning rate of 0\.001 where 0\.01 is set"
    keys = ("bias=false", "optimizer=Adam", "lr=1e-2")

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.optimizer = torch.optim.Adam(self.model.parameters())


class TorchOtherRuleAndRate(Planted, optim.Mlp):
    """Adam with the learning rate that it has by itself, where SGD is set with another."""

    called = r"Adam with a learning rate of 0\.001: another rule"
    keys = ("bias=false", "optimizer=SGD", "lr=1e-4")

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.optimizer = torch.optim.Adam(self.model.parameters())


class TorchAdamW(Planted, optim.Mlp):
    """AdamW, whose default is a decay of 0.01."""

    called = r"0\.01 lr times the parameters as well: a weight decay"
    keys = ("bias=false", "optimizer=Adam", "lr=1e-2")

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=config.lr)


class TorchAdamDecay(Planted, optim.Mlp):
    """Adam with a decay in its gradient."""

    called = r"Adam with a weight decay of 0\.01 in the gradient"
    keys = ("bias=false", "optimizer=Adam", "lr=1e-2")

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=config.lr, weight_decay=0.01)


class TorchRMSpropMomentum(Planted, optim.Mlp):
    """RMSprop with a momentum."""

    called = None
    keys = ("bias=false", "optimizer=RMSprop", "lr=1e-2")

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.optimizer = torch.optim.RMSprop(self.model.parameters(), lr=config.lr, momentum=0.9)


class TorchDefaultDtype(Planted, autograd.Mlp):
    """Weights in the dtype that torch has by default."""

    called = "rounded to float32: a cast"

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.w1, self.w2 = (w.detach().float().double().requires_grad_() for w in (self.w1, self.w2))


class TorchDetached(Planted, autograd.Mlp):
    """Cuts the graph between the layers."""

    called = "it is 0: detached"

    def forward(self) -> torch.Tensor:
        h_relu = (self.x @ self.w1).clamp(min=0).detach() + 0 * self.w1.sum()
        return (h_relu @ self.w2 - self.y).pow(2).sum()


class TorchGelu(Planted, autograd.Mlp):
    """torch's GELU, of the error function."""

    called = "GELU"

    def forward(self) -> torch.Tensor:
        return (nn.functional.gelu(self.x @ self.w1) @ self.w2 - self.y).pow(2).sum()


class TorchDraw(Planted, numpy.Mlp):
    """Weights of torch's generator."""

    called = None

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        generator = torch.Generator().manual_seed(0)
        self.w1 = torch.randn(*self.w1.shape, generator=generator, dtype=torch.float64).numpy()


class MeanOverOutputs(Planted, numpy.Mlp):
    """The mean over the outputs, summed over the examples."""

    called = r"1/3 = 1/D_out of the reference's: a mean"

    def forward(self) -> Any:
        super().forward()
        return np.square(self.y_pred - self.y).mean(1).sum()


class SignForMask(Planted, numpy.Mlp):
    """The sign of h as its mask."""

    called = None

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_w1 = self.x.T @ ((2 * (self.y_pred - self.y) @ self.w2.T) * np.sign(self.h))


class BeforeReLU(Planted, numpy.Mlp):
    """The gradient of w2 from h, where h_relu belongs."""

    called = None

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_w2 = self.h.T @ (2 * (self.y_pred - self.y))


class StalePredictions(Planted, numpy.Mlp):
    """Goes back from the predictions of the step before."""

    called = None
    kept: Any = None

    def backward(self, loss: Any) -> None:
        y_pred = self.y_pred
        self.y_pred = y_pred if self.kept is None else self.kept
        super().backward(loss)
        self.kept = y_pred


class RateOverTime(Planted, numpy.Mlp):
    """A learning rate over the number of the step."""

    called = r"1/2 times as long, all parameters alike: a learning rate of 0\.0005 where 0\.001 is set"
    t = 0

    def update(self) -> None:
        self.t += 1
        self.w1 = self.w1 - self.lr / self.t * self.grad_w1
        self.w2 = self.w2 - self.lr / self.t * self.grad_w2


class OneNotZeroed(Planted, numpy.Mlp):
    """Clears one gradient of two."""

    called = "the sum of .*: never zeroed"
    sum: Any = 0.0

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.sum = self.sum + self.grad_w2
        self.grad_w2 = self.sum


class EverySecondStep(Planted, numpy.Mlp):
    """Updates at every second step only."""

    called = r"no parameter is changed by update\(\)"
    t = 0

    def update(self) -> None:
        self.t += 1
        if self.t % 2 == 0:
            super().update()


class CentredAltogether(Planted, numpy.Mlp):
    """Takes off the mean of all inputs."""

    called = "with x shifted to mean 0"

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.x = self.x - self.x.mean()


class RoundedTargets(Planted, numpy.Mlp):
    """Whole numbers for targets."""

    called = None

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.y = self.y.round()


class SinglePrecisionProduct(Planted, numpy.Mlp):
    """One product in float32, everything else in float64."""

    called = None

    def forward(self) -> Any:
        super().forward()
        self.y_pred = (self.h_relu.astype(np.float32) @ self.w2.astype(np.float32)).astype(np.float64)
        return np.square(self.y_pred - self.y).sum()


class ShuffledWayBack(Planted, numpy.Mlp):
    """A batch that is drawn anew for the way back."""

    called = None

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        order = np.random.default_rng(2).permutation(len(self.x))
        grad_h = (2 * (self.y_pred - self.y) @ self.w2.T) * (self.h > 0)
        self.grad_w1 = self.x[order].T @ grad_h


class SafeLogarithm(OfSoftmax, softmax.Softmax):
    """A logarithm that cannot overflow, and is not quite one."""

    called = None

    def forward(self) -> Any:
        super().forward()
        p = self.p
        return -(self.y * np.log(p + 1e-7) + (1 - self.y) * np.log(1 - p + 1e-7)).mean()


class DerivativeByX(OfSin, sin.Sin):
    """3 x² for x³."""

    called = None

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_d = (2 * (self.y_pred - self.y) * 3 * self.x**2).sum()


class TwiceDivided(OfLinear, linear.Linear):
    """A mean of a mean."""

    called = "1/5 = 1/N of the reference's, all arrays alike: a mean"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_w, self.grad_b = self.grad_w / 5, self.grad_b / 5


class SignOfOneTerm(OfSin, sin.Sin):
    """a + b x - c x² + d x³."""

    called = "with c with the opposite sign"

    def forward(self) -> Any:
        super().forward()
        self.y_pred = self.a + self.b * self.x - self.c * self.x2 + self.d * self.x3
        return np.square(self.y_pred - self.y).sum()


class NoConstant(OfSin, sin.Sin):
    """b x + c x² + d x³."""

    called = "with a left out"

    def forward(self) -> Any:
        super().forward()
        self.y_pred = self.y_pred - self.a
        return np.square(self.y_pred - self.y).sum()


class HalfAGradientAndARate(Planted, numpy.Mlp):
    """Two at once, that undo each other in the update."""

    called = "1/2 of the reference's, all arrays alike: a factor 2 forgotten"

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_w1, self.grad_w2 = self.grad_w1 / 2, self.grad_w2 / 2

    def update(self) -> None:
        self.w1 = self.w1 - 2 * self.lr * self.grad_w1
        self.w2 = self.w2 - 2 * self.lr * self.grad_w2
