"""Mistakes of mlp's dynamic network: paths, and a rule that remembers."""

from typing import Any

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem
from tests.verify.mistakes.planted import Planted

MOMENTUM = ("momentum=0.9", "bias=false")


class Net(Planted):
    """The dynamic network of mlp, right, with hooks for what may be wrong."""

    model = "dynamic"
    keys = MOMENTUM

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        self.x, self.y = problem.x, problem.y
        self.parameters: dict[str, Any] = {n: problem.start[n].copy() for n in ("w1", "w_middle", "w2")}
        self.gradients: dict[str, Any] = {}
        self.v: dict[str, Any] = {}
        self.draws = self.choose(problem)
        self.lr, self.momentum = config.lr, config.momentum

    def choose(self, problem: Problem) -> Any:
        """Depths from 0 to 3."""
        return problem.choices(4)

    def forward(self) -> Any:
        """Sum of squared errors."""
        self.depth = next(self.draws)
        self.a, self.h = [self.x], []
        for name in ["w1"] + ["w_middle"] * self.depth:
            self.h.append(self.a[-1] @ self.parameters[name])
            self.a.append(np.maximum(self.h[-1], 0))
        self.errors = self.a[-1] @ self.parameters["w2"] - self.y
        return np.square(self.errors).sum()

    def backward(self, loss: Any) -> None:
        """Back through the layers as they ran."""
        g = 2 * self.errors
        w2 = self.a[-1].T @ g
        g = g @ self.parameters["w2"].T
        middle = []
        for k in range(self.depth, 0, -1):
            g = g * (self.h[k] > 0)
            middle.append(self.a[k].T @ g)
            g = g @ self.parameters["w_middle"].T
        w1 = self.x.T @ (g * (self.h[0] > 0))
        zero = np.zeros_like(self.parameters["w_middle"])
        self.gradients = {"w1": w1, "w_middle": self.add(middle) if middle else zero, "w2": w2}

    def add(self, parts: list[Any]) -> Any:
        """The gradient of a layer that ran several times, the last time first."""
        return sum(parts)

    def update(self) -> None:
        """SGD with momentum for what ran."""
        for name, g in self.gradients.items():
            if name == "w_middle" and not self.depth and self.rests:
                continue
            self.parameters[name] = self.parameters[name] - self.lr * self.velocity(name, g)

    rests = True

    def velocity(self, name: str, g: Any) -> Any:
        """V = momentum v + g, at first g."""
        self.v[name] = self.momentum * self.v[name] + g if name in self.v else g
        return self.v[name]


class CountedOnce(Net):
    """Keeps the gradient of the last time alone."""

    called = "the gradient of its last time alone"

    def add(self, parts: list[Any]) -> Any:
        return parts[0]


class CountedAtFirst(Net):
    """Overwrites the gradient each time."""

    called = "the gradient of its first time alone"

    def add(self, parts: list[Any]) -> Any:
        return parts[-1]


class CountedOnAverage(Net):
    """Averages over the times."""

    called = "the gradient of the mean of its times"

    def add(self, parts: list[Any]) -> Any:
        return sum(parts) / len(parts)


class OneMore(Net):
    """A range that goes one too far."""

    called = "on path 3, where 2 was drawn: other draws, or a loop that goes too far"

    def choose(self, problem: Problem) -> Any:
        return (depth + 1 for depth in problem.choices(4))


class OwnDraws(Net):
    """Draws depths of its own."""

    called = r"on path \d, where \d was drawn: other draws"

    def choose(self, problem: Problem) -> Any:
        generator = np.random.default_rng(0)
        while True:
            yield int(generator.integers(4))


class DrawnTwice(Net):
    """Uses every second draw."""

    called = r"on path \d, where \d was drawn: other draws"

    def choose(self, problem: Problem) -> Any:
        draws = problem.choices(4)
        while True:
            next(draws)
            yield next(draws)


class NeverRests(Net):
    """A layer that did not run goes on by its velocity."""

    called = "it was not used in this step, and moves"
    rests = False


class NoMomentum(Net):
    """A velocity that is forgotten."""

    called = r"a momentum of 0 where 0\.9 is set|those of plain SGD"

    def velocity(self, name: str, g: Any) -> Any:
        return g


class OtherMomentum(Net):
    """A momentum that is off."""

    called = r"a momentum of 0\.95 where 0\.9 is set"

    def velocity(self, name: str, g: Any) -> Any:
        self.v[name] = 0.95 * self.v[name] + g if name in self.v else g
        return self.v[name]


class Nesterov(Net):
    """Looks ahead."""

    called = r"g \+ 0\.9 v where v belongs: Nesterov"

    def velocity(self, name: str, g: Any) -> Any:
        return g + self.momentum * super().velocity(name, g)


class Dampened(Net):
    """A dampening of 0.1 from the second step on, as torch has it."""

    called = r"takes in 0\.9 of the gradient: a dampening of 0\.1"

    def velocity(self, name: str, g: Any) -> Any:
        self.v[name] = self.momentum * self.v[name] + 0.9 * g if name in self.v else g
        return self.v[name]


class AveragedVelocity(Net):
    """An average of gradients, from zeros."""

    called = r"takes in 0\.1 of each gradient: an average"

    def velocity(self, name: str, g: Any) -> Any:
        self.v[name] = self.momentum * self.v.get(name, 0) + (1 - self.momentum) * g
        return self.v[name]
