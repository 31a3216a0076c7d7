"""Mistakes of mlp that show in what update() makes of right gradients, and in the start."""

from typing import Any

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem
from autograd_cli.tasks.mlp import numpy
from tests.verify.mistakes.planted import Planted

ADAM = ("optimizer=Adam", "lr=1e-2")
RMSPROP = ("optimizer=RMSprop", "lr=1e-2")
MOMENTUM = ("momentum=0.9",)
SQUARE = ("D_in=6", "H=6")


class OtherUpdate(numpy.Mlp):
    """A level that takes another step down the right gradients."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.t = 0
        self.m: dict[str, Any] = {}
        self.v: dict[str, Any] = {}

    def update(self) -> None:
        """Each array by itself."""
        self.t += 1
        w1, w2 = self.move("w1", self.w1, self.grad_w1), self.move("w2", self.w2, self.grad_w2)
        self.w1, self.w2 = w1, w2

    def move(self, name: str, p: Any, g: Any) -> Any:
        """The parameter after the step."""
        raise NotImplementedError


class TooFast(Planted, OtherUpdate):
    """A learning rate that is 1 % off."""

    called = r"1\.01 times as long, all parameters alike: a learning rate of 0\.00101 where 0\.001 is set"

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p - 1.01 * self.lr * g


class Averaged(Planted, OtherUpdate):
    """Gradients of a sum, divided by the examples when they are used."""

    called = r"1/9 = 1/N times as long, all parameters alike: .*, or a mean where a sum belongs"

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p - self.lr * g / len(self.x)


class OneTooFast(Planted, OtherUpdate):
    """A learning rate of its own for one array."""

    called = r"the step is 3 = D_out times as long: a learning rate of 0\.003"

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p - (3 if name == "w2" else 1) * self.lr * g


class Twice(Planted, OtherUpdate):
    """Takes every step twice."""

    called = "2 times as long, all parameters alike: .*, or two steps in place of one"

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p - self.lr * g - self.lr * g


class Uphill(Planted, OtherUpdate):
    """Ascent."""

    called = "opposite sign: uphill"

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p + self.lr * g


class FirstLayerFrozen(Planted, OtherUpdate):
    """Forgets one array."""

    called = "as it was before: not trained"

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p if name == "w1" else p - self.lr * g


class NothingTrained(Planted, OtherUpdate):
    """An optimiser of other parameters."""

    called = r"no parameter is changed by update\(\)"

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p


class OldGradient(Planted, OtherUpdate):
    """Steps down the gradient of the step before."""

    called = "the step is that of the gradient of step 0: a stale one"

    def move(self, name: str, p: Any, g: Any) -> Any:
        old, self.m[name] = self.m.get(name, g), g
        return p - self.lr * old


class AddedGradients(Planted, OtherUpdate):
    """Adds up gradients where nobody sees it."""

    called = "never zeroed, or a momentum of 1"

    def move(self, name: str, p: Any, g: Any) -> Any:
        self.m[name] = self.m.get(name, 0) + g
        return p - self.lr * self.m[name]


class UnaskedMomentum(Planted, OtherUpdate):
    """A momentum that nobody set."""

    called = r"a momentum of 0\.9 where none is set"

    def move(self, name: str, p: Any, g: Any) -> Any:
        self.v[name] = 0.9 * self.v.get(name, 0) + g
        return p - self.lr * self.v[name]


class Decay(Planted, OtherUpdate):
    """A weight decay of 0.1."""

    called = r"takes off 0\.1 lr times the parameters as well: a weight decay"

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p - self.lr * (g + 0.1 * p)


class DecayOfOne(Planted, OtherUpdate):
    """A weight decay of one layer."""

    called = r"takes off 0\.1 lr times w1 as well: a weight decay"

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p - self.lr * (g + 0.1 * p * (name == "w1"))


class Schedule(Planted, OtherUpdate):
    """A learning rate that shrinks."""

    called = r"0\.99 times as long, .*a learning rate of 0\.00099 where 0\.001 is set, as it was until now"

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p - self.lr * 0.99 ** (self.t - 1) * g


class ClippedWhenUsed(Planted, OtherUpdate):
    """Clips each entry of a gradient that it shows whole."""

    called = "counts for more than 5: clipped by value"

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p - self.lr * np.clip(g, -5, 5)


class NormClippedWhenUsed(Planted, OtherUpdate):
    """Clips the norm of gradients that it shows whole."""

    called = "as if their norm were 10: clipped by norm"

    def move(self, name: str, p: Any, g: Any) -> Any:
        norm = np.sqrt(np.square(self.grad_w1).sum() + np.square(self.grad_w2).sum())
        return p - self.lr * g * 10 / norm


class SignAlone(Planted, OtherUpdate):
    """Steps of one length."""

    called = "the gradient's sign alone"

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p - self.lr * np.sign(g)


class UnitGradient(Planted, OtherUpdate):
    """Steps of one norm."""

    called = "the gradient over its norm"

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p - self.lr * g / np.linalg.norm(g)


class TransposedStep(Planted, OtherUpdate):
    """Goes the transposed way, which fits where w1 is square."""

    called = "the step is the reference's transposed"
    keys = SQUARE

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p - self.lr * (g.T if name == "w1" else g)


class Clamped(Planted, OtherUpdate):
    """Keeps parameters within 1."""

    called = "kept within -1 and 1: clamped"

    def move(self, name: str, p: Any, g: Any) -> Any:
        return np.clip(p - self.lr * g, -1, 1)


class Float32Parameters(Planted, OtherUpdate):
    """Keeps parameters in float32 from the first update on."""

    called = "float32: a cast"

    def move(self, name: str, p: Any, g: Any) -> Any:
        return (p - self.lr * g).astype(np.float32).astype(np.float64)


class NewWeightsBack(Planted, numpy.Mlp):
    """Updates w2 before it goes back through it; the gradients that it shows are right."""

    called = "through the new w2: updated before it was used"

    def update(self) -> None:
        """One array after the other."""
        self.w2 = self.w2 - self.lr * self.grad_w2
        grad_h = (2.0 * (self.y_pred - self.y) @ self.w2.T) * (self.h > 0)
        self.w1 = self.w1 - self.lr * self.x.T @ grad_h


class NoiseInUpdate(Planted, OtherUpdate):
    """Langevin's noise."""

    called = None

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p - self.lr * g + 1e-4 * np.random.default_rng(self.t).standard_normal(p.shape)


class DecayAndRate(Planted, OtherUpdate):
    """Two at once: a weight decay and a learning rate."""

    called = None

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p - 1.3 * self.lr * (g + 0.1 * p)


class OneRowFrozen(Planted, OtherUpdate):
    """A row that is not trained."""

    called = None

    def move(self, name: str, p: Any, g: Any) -> Any:
        moved = p - self.lr * g
        moved[0] = p[0]
        return moved


class AdamForSGD(Planted, OtherUpdate):
    """Adam, where SGD is set."""

    called = "those of Adam, or of one that begins like it: another rule"

    def move(self, name: str, p: Any, g: Any) -> Any:
        m = self.m[name] = 0.9 * self.m.get(name, 0) + 0.1 * g
        v = self.v[name] = 0.999 * self.v.get(name, 0) + 0.001 * g**2
        return p - self.lr * (m / (1 - 0.9**self.t)) / (np.sqrt(v / (1 - 0.999**self.t)) + 1e-8)


class RMSpropForSGD(Planted, OtherUpdate):
    """RMSprop, where SGD is set."""

    called = "those of RMSprop, or of one that begins like it: another rule"

    def move(self, name: str, p: Any, g: Any) -> Any:
        v = self.v[name] = 0.99 * self.v.get(name, 0) + 0.01 * g**2
        return p - self.lr * g / (np.sqrt(v) + 1e-8)


class SGDForAdam(Planted, OtherUpdate):
    """Reads no optimiser."""

    called = "those of plain SGD, or of one that begins like it: another rule"
    keys = ADAM

    def move(self, name: str, p: Any, g: Any) -> Any:
        return p - self.lr * g


class AdamUncorrected(Planted, OtherUpdate):
    """Adam with the zeros that its averages began with."""

    called = "Adam without the correction of its bias"
    keys = ADAM

    def move(self, name: str, p: Any, g: Any) -> Any:
        m = self.m[name] = 0.9 * self.m.get(name, 0) + 0.1 * g
        v = self.v[name] = 0.999 * self.v.get(name, 0) + 0.001 * g**2
        return p - self.lr * m / (np.sqrt(v) + 1e-8)


class AdamWithOtherBetas(Planted, OtherUpdate):
    """Another beta2."""

    called = r"Adam with betas \(0\.9, 0\.99\)"
    keys = ADAM

    def move(self, name: str, p: Any, g: Any) -> Any:
        m = self.m[name] = 0.9 * self.m.get(name, 0) + 0.1 * g
        v = self.v[name] = 0.99 * self.v.get(name, 0) + 0.01 * g**2
        return p - self.lr * (m / (1 - 0.9**self.t)) / (np.sqrt(v / (1 - 0.99**self.t)) + 1e-8)


class AdamEpsInside(Planted, OtherUpdate):
    """An eps inside the root, where it does more."""

    called = r"Adam with eps \(1e-05\) inside the root"
    keys = ADAM

    def move(self, name: str, p: Any, g: Any) -> Any:
        m = self.m[name] = 0.9 * self.m.get(name, 0) + 0.1 * g
        v = self.v[name] = 0.999 * self.v.get(name, 0) + 0.001 * g**2
        return p - self.lr * (m / (1 - 0.9**self.t)) / np.sqrt(v / (1 - 0.999**self.t) + 1e-5)


class AdamDecayed(Planted, OtherUpdate):
    """AdamW's decay, where Adam has none."""

    called = r"takes off 0\.01 lr times the parameters as well: a weight decay"
    keys = ADAM

    def move(self, name: str, p: Any, g: Any) -> Any:
        m = self.m[name] = 0.9 * self.m.get(name, 0) + 0.1 * g
        v = self.v[name] = 0.999 * self.v.get(name, 0) + 0.001 * g**2
        step = (m / (1 - 0.9**self.t)) / (np.sqrt(v / (1 - 0.999**self.t)) + 1e-8)
        return p * (1 - 0.01 * self.lr) - self.lr * step


class RMSpropWithOtherAlpha(Planted, OtherUpdate):
    """Another library's default."""

    called = r"RMSprop with alpha 0\.9"
    keys = RMSPROP

    def move(self, name: str, p: Any, g: Any) -> Any:
        v = self.v[name] = 0.9 * self.v.get(name, 0) + 0.1 * g**2
        return p - self.lr * g / (np.sqrt(v) + 1e-8)


class RMSpropEpsInside(Planted, OtherUpdate):
    """As TensorFlow has it, with its eps."""

    called = r"RMSprop with eps \(1e-07\) inside the root"
    keys = RMSPROP

    def move(self, name: str, p: Any, g: Any) -> Any:
        v = self.v[name] = 0.99 * self.v.get(name, 0) + 0.01 * g**2
        return p - self.lr * g / np.sqrt(v + 1e-7)


class OwnWeights(numpy.Mlp):
    """A level with another start of one array."""

    array = "w2"

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        setattr(self, self.array, self.start(problem.start[self.array], config))

    def start(self, right: Any, config: RunConfig) -> Any:
        """Another start."""
        raise NotImplementedError


class OwnDraw(Planted, OwnWeights):
    """Draws its own second layer."""

    called = r"what default_rng\(0\).standard_normal draws: a start of its own"

    def start(self, right: Any, config: RunConfig) -> Any:
        return np.random.default_rng(config.seed).standard_normal(right.shape)


class UnknownDraw(Planted, OwnWeights):
    """Draws from who knows what."""

    called = None

    def start(self, right: Any, config: RunConfig) -> Any:
        return np.random.default_rng(98765).standard_normal(right.shape)


class ScaledStart(Planted, OwnWeights):
    """Kaiming's scale."""

    called = r"√\(2/fan_in\), Kaiming's or 1/√fan_out of the shared start"

    def start(self, right: Any, config: RunConfig) -> Any:
        return right * np.sqrt(2 / len(right))


class TransposedStart(Planted, OwnWeights):
    """Keeps w1 as nn.Linear does, (out, in), and forgets to turn it back for those who look at it."""

    array = "w1"
    called = "transposed: kept as \\(out, in\\)"
    keys = SQUARE

    def start(self, right: Any, config: RunConfig) -> Any:
        return right.T.copy()


class ZeroStart(Planted, OwnWeights):
    """Zeros."""

    called = "it is 0: zeros where values were drawn"

    def start(self, right: Any, config: RunConfig) -> Any:
        return 0 * right


class Float32Start(Planted, OwnWeights):
    """Through float32 and back."""

    called = "rounded to float32: a cast"

    def start(self, right: Any, config: RunConfig) -> Any:
        return right.astype(np.float32).astype(np.float64)


class UniformStart(Planted, OwnWeights):
    """The start of another setting."""

    called = "the start of start=uniform: settings that are not read"
    keys = ("start=normal",)

    def start(self, right: Any, config: RunConfig) -> Any:
        from dataclasses import replace

        from autograd_cli.tasks.mlp import problem

        return problem.make(replace(config, options={**config.options, "start": "uniform"})).start["w2"]


class OtherSeed(Planted, OwnWeights):
    """A seed that is not read."""

    called = "the start of seed=0: settings that are not read"
    keys = ("seed=3",)

    def start(self, right: Any, config: RunConfig) -> Any:
        from dataclasses import replace

        from autograd_cli.tasks.mlp import problem

        return problem.make(replace(config, seed=0)).start["w2"]


class TruncatedStart(Planted, OwnWeights):
    """A normal distribution cut at 1."""

    called = "no entry is beyond 1, .*clipped by value"

    def start(self, right: Any, config: RunConfig) -> Any:
        return np.clip(right, -1, 1)


class RoundedStart(Planted, OwnWeights):
    """From a table of four decimals."""

    called = "rounded to 4 decimals"

    def start(self, right: Any, config: RunConfig) -> Any:
        return right.round(4)


class ReshapedStart(Planted, OwnWeights):
    """Reads in the order of columns what was written in the order of rows."""

    called = "entries reshaped where a transpose belongs"

    def start(self, right: Any, config: RunConfig) -> Any:
        return right.T.reshape(right.shape)
