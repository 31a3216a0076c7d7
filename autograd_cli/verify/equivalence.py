"""Two levels in lockstep from the same arrays: where they part, and by how much."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite, isnan

import numpy as np
from numpy.typing import NDArray

from autograd_cli.catalogue.blame import blame_class
from autograd_cli.catalogue.checks import check_gradients_view
from autograd_cli.contract.arrays import relative_difference, size_of, snapshot, to_numpy
from autograd_cli.contract.level import Level
from autograd_cli.training.loop import read_loss

Arrays = Mapping[str, NDArray[np.float64]]

# By symmetry an array can be nothing but rounding: it is then measured by the arrays beside it.
_LEAST_SHARE = 1e-3


@dataclass
class Equivalence:
    """How far a level strays from its reference, in relative differences.

    A loss is measured by itself, a parameter by its largest entry, and a gradient, which shrinks as training
    goes on while its rounding does not, by the largest entry that it has had so far; but no array by less
    than a thousandth of what the largest of its kind is measured by.

    Attributes:
        steps: steps compared.
        loss: the largest difference of a step's loss.
        gradients: the largest difference of each gradient over all steps.
        parameters: the largest difference of each parameter over all steps.
        parted: the first difference past the tolerance, in words; None if there is none.
        parted_step: its step; -1 if it was there before the first.
        broken: whether the level did not part but fail: a verb raised an exception.

    """

    steps: int = 0
    loss: float = 0.0
    gradients: dict[str, float] = field(default_factory=dict)
    parameters: dict[str, float] = field(default_factory=dict)
    parted: str | None = None
    parted_step: int | None = None
    broken: bool = False


def run_in_lockstep(level: Level, reference: Level, steps: int, tolerance: float) -> Equivalence:
    """Train both for `steps` steps, comparing after each verb; stop at the first difference past `tolerance`.

    The level's own verbs are watched too: neither forward nor backward may change a parameter. A verb that
    raises is found out like any other difference.
    """
    found = Equivalence()
    lockstep = _Lockstep(level, reference, tolerance, found)
    found.parted = lockstep.compare_starts()
    if found.parted:
        found.parted_step = -1
    for step in range(steps):
        if found.parted:
            break
        found.steps = step + 1
        try:
            # A program that diverges is a result; NumPy need not warn of it as well.
            with np.errstate(over="ignore", invalid="ignore"):
                problem = lockstep.step()
        except Exception as error:
            found.parted, found.parted_step = f"step {step}: {blame_class(error, type(level))}", step
            found.broken = True
            break
        if problem:
            found.parted, found.parted_step = f"{problem} at step {step}", step
    return found


class _Lockstep:
    """The state that the comparison of two levels keeps from step to step."""

    def __init__(self, level: Level, reference: Level, tolerance: float, found: Equivalence) -> None:
        self.level, self.reference = level, reference
        self.tolerance, self.found = tolerance, found
        self._take_parameters()
        self.gradient_sizes = dict.fromkeys(self.parameters, 0.0)

    def compare_starts(self) -> str | None:
        """Say what is wrong with the level's start, if anything."""
        problem = self._compare_parameters()
        return (
            f"{problem} before the first step: the level does not stand at the shared start"
            if problem
            else None
        )

    def step(self) -> str | None:
        """Take one step with both, and say what first parts them, if anything."""
        loss, reference_loss = self.level.forward(), self.reference.forward()
        expected = reference_loss.item()
        if not isfinite(expected):
            return f"the reference diverges, its loss is {expected}"
        difference = abs(read_loss(self.level, loss) - expected) / (abs(expected) or 1.0)
        if name := self._changed():
            return f"forward() changes parameter {name}, where only update() may,"
        self.found.loss = difference if isnan(difference) else max(self.found.loss, difference)
        if not difference <= self.tolerance:
            return f"loss differs by {difference:.1e}"
        self.level.backward(loss)
        self.reference.backward(reference_loss)
        check_gradients_view(self.level)
        if problem := self._compare_gradients():
            return problem
        if name := self._changed():
            return f"backward() changes parameter {name}, where only update() may,"
        self.level.update()
        self.reference.update()
        self._take_parameters()
        problem = self._compare_parameters()
        return f"{problem} after update()" if problem else None

    def _take_parameters(self) -> None:
        """Keep the reference's parameters as they stand, and what to measure differences of them by."""
        self.parameters = snapshot(self.reference.parameters)
        self.sizes = {name: size_of(value) for name, value in self.parameters.items()}

    def _compare_parameters(self) -> str | None:
        views = self.level.parameters
        return self._compare("parameter", views, self.parameters, self.sizes, self.found.parameters)

    def _compare_gradients(self) -> str | None:
        gradients = {name: _float64(gradient) for name, gradient in self.reference.gradients.items()}
        for name, gradient in gradients.items():
            self.gradient_sizes[name] = max(self.gradient_sizes[name], size_of(gradient))
        worst = self.found.gradients
        return self._compare("gradient", self.level.gradients, gradients, self.gradient_sizes, worst)

    def _compare(
        self,
        what: str,
        arrays: Mapping[str, object],
        expected: Arrays,
        sizes: Mapping[str, float],
        worst: dict[str, float],
    ) -> str | None:
        """Note the difference of each array in `worst`; say what is wrong with the first that is off."""
        problem = None
        least = _LEAST_SHARE * max(sizes.values())
        for name, reference in expected.items():
            if arrays.get(name) is None:
                return f"{what} {name} is missing"
            value = _float64(arrays[name])
            difference = relative_difference(value, reference, max(sizes[name], least))
            worst[name] = max(worst.get(name, 0.0), difference)
            if problem is None and difference > self.tolerance:
                shapes = f"has shape {value.shape}, not {reference.shape}"
                problem = f"{what} {name} " + (
                    f"differs by {difference:.1e}" if value.shape == reference.shape else shapes
                )
        return problem

    def _changed(self) -> str | None:
        """The first parameter that is not what it was after the last update, if any."""
        now = self.level.parameters
        least = _LEAST_SHARE * max(self.sizes.values())
        for name, expected in self.parameters.items():
            scale = max(self.sizes[name], least)
            if relative_difference(_float64(now[name]), expected, scale) > self.tolerance:
                return name
        return None


def _float64(array: object) -> NDArray[np.float64]:
    return np.asarray(to_numpy(array), dtype=np.float64)
