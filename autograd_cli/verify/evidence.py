"""What is known where two programs part: the numbers from which a mistake can be named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.level import Level
from autograd_cli.contract.problem import Problem

Arrays = Mapping[str, NDArray[np.float64]]
What = Literal["start", "loss", "gradient", "parameter"]


@dataclass(frozen=True)
class Step:
    """What one program showed of one step, in float64; empty where it did not come so far.

    Attributes:
        loss: what forward() returned.
        before: the parameters before the step.
        gradients: after backward().
        after: the parameters after update().

    """

    loss: float
    before: Arrays
    gradients: Arrays
    after: Arrays


@dataclass(frozen=True)
class Evidence:
    """A level and its reference at the first step where they part; up to there they were equal.

    Attributes:
        what: what differs: a parameter of the start, the loss, a gradient, or a parameter after update().
        name: of the array that differs; empty for the loss.
        step: where.
        level: the steps of the level by their numbers: the first eight at most, the one before, and this one.
        reference: the steps of the reference, by the same numbers.
        problem: data and start of both.
        config: the settings of both.
        program: makes the reference's program for other data, another start or other settings, such as
            dtype="float32"; it has the three verbs, and no memory of this training.

    """

    what: What
    name: str
    step: int
    level: Mapping[int, Step]
    reference: Mapping[int, Step]
    problem: Problem
    config: RunConfig
    program: Callable[[Problem, RunConfig], Level]

    @property
    def found(self) -> NDArray[np.float64]:
        """The level's side of what differs."""
        return self._side(self.level[self.step])

    @property
    def expected(self) -> NDArray[np.float64]:
        """The reference's side of what differs."""
        return self._side(self.reference[self.step])

    def _side(self, step: Step) -> NDArray[np.float64]:
        if self.what == "loss":
            return np.asarray(step.loss)
        arrays = {"start": step.before, "gradient": step.gradients, "parameter": step.after}[self.what]
        return arrays[self.name]
