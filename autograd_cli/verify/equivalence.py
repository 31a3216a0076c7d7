"""Two levels in lockstep from the same arrays: where they part, and by how much."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from math import isfinite, isnan

import numpy as np
from numpy.typing import NDArray

from autograd_cli.catalogue.blame import blame_class, place_of
from autograd_cli.catalogue.checks import check_gradients_view
from autograd_cli.contract.arrays import relative_difference, size_of, snapshot, to_numpy
from autograd_cli.contract.level import Level
from autograd_cli.errors import EvoError
from autograd_cli.training.loop import read_loss
from autograd_cli.verify.evidence import Arrays, Step, What
from autograd_cli.verify.reference import Reference

# By symmetry an array can be nothing but rounding: it is then measured by the arrays beside it.
LEAST_SHARE = 1e-3

# Steps at which it is watched that only update() changes parameters, and then each so many.
_WATCHED_STEPS = 32

# The verb whose lines decide what differs.
VERBS: Mapping[What, str] = {
    "start": "__init__",
    "loss": "forward",
    "gradient": "backward",
    "parameter": "update",
}


@dataclass(frozen=True)
class Parting:
    """The first difference past what is allowed.

    Attributes:
        says: it, in words.
        step: where; -1 if it was there before the first step.
        what: what differs in its numbers; None where that is not it: a missing array, another shape, an
            exception.
        name: of the array; empty for the loss.

    """

    says: str
    step: int
    what: What | None = None
    name: str = ""


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
        share: of the differences in what rounding explains, the largest, where that is what they were
            measured by.
        parted: the first difference past the tolerance; None if there is none.
        broken: whether the level did not part but fail: a verb raised an exception.
        unstable_step: where rounding alone would have parted the two over the run, so that they were compared
            step by step; None where they were compared over the run.
        still: parameters whose gradients were zero throughout.
        reached: the model's branches, and whether a pass took them.

    """

    steps: int = 0
    loss: float = 0.0
    gradients: dict[str, float] = field(default_factory=dict)
    parameters: dict[str, float] = field(default_factory=dict)
    share: float | None = None
    parted: Parting | None = None
    broken: bool = False
    unstable_step: int | None = None
    still: tuple[str, ...] = ()
    reached: dict[str, bool] = field(default_factory=dict)


def run_in_lockstep(
    level: Level, reference: Reference, steps: int, tolerance: float, *, step_by_step: bool = False
) -> Equivalence:
    """Train both for `steps` steps, comparing after each verb; stop at the first difference past `tolerance`.

    The level's own verbs are watched too: neither forward nor backward may change a parameter. A verb that
    raises is found out like any other difference.

    Args:
        level: the level at its start.
        reference: its reference, at the same.
        steps: how many.
        tolerance: the largest relative difference that passes.
        step_by_step: whether the reference takes over the level's parameters after each step that was
            equal, so that differences of rounding do not grow from step to step.

    """
    lockstep = _Lockstep(level, reference, tolerance, step_by_step=step_by_step)
    return follow(lockstep.found, level, steps, lockstep.compare_starts, lockstep.step)


def follow(
    found: Equivalence,
    level: Level,
    steps: int,
    begin: Callable[[], Parting | None],
    take_step: Callable[[int], Parting | None],
) -> Equivalence:
    """Take steps until one of them, or the beginning, finds what parts the two, or breaks."""
    step = -1
    try:
        # A program that diverges is a result; NumPy need not warn of it as well.
        with np.errstate(over="ignore", invalid="ignore"):
            found.parted = begin()
            for step in range(0 if found.parted else steps):
                found.steps = step + 1
                found.parted = take_step(step)
                if found.parted:
                    break
    except Exception as error:
        found.parted = Parting(f"step {step}: {blame_class(error, type(level))}", step)
        found.broken = True
    return found


class _Lockstep:
    """The state that the comparison of two levels keeps from step to step."""

    def __init__(self, level: Level, reference: Reference, tolerance: float, *, step_by_step: bool) -> None:
        self.level, self.reference, self.tolerance = level, reference, tolerance
        self.step_by_step = step_by_step
        self.found = Equivalence()
        self._take_parameters()
        self.gradient_sizes = dict.fromkeys(self.parameters, 0.0)

    def compare_starts(self) -> Parting | None:
        """What is wrong with the level's start, if anything."""
        return self._compare_parameters("start", -1)

    def step(self, step: int) -> Parting | None:
        """Take one step with both, and say what first parts them, if anything."""
        found = self.found
        loss, reference_loss = self.level.forward(), self.reference.forward()
        expected = float(reference_loss)
        if not isfinite(expected):
            return Parting(f"the reference diverges, its loss is {expected} at step {step}", step)
        value = scalar_loss(self.level, loss)
        for branch, taken in self.reference.reached().items():
            found.reached[branch] = found.reached.get(branch, False) or taken
        difference = abs(value - expected) / (abs(expected) or 1.0)
        if name := self._changed(step):
            return changed_early("forward", name, step)
        found.loss = difference if isnan(difference) else max(found.loss, difference)
        if not difference <= self.tolerance:
            return loss_parts(value, expected, step)
        self.level.backward(loss)
        self.reference.backward(reference_loss)
        if parting := self._compare_gradients(step):
            return parting
        if name := self._changed(step):
            return changed_early("backward", name, step)
        self.level.update()
        self.reference.update()
        self._take_parameters()
        found.still = tuple(name for name, size in self.gradient_sizes.items() if size == 0)
        parting = self._compare_parameters("parameter", step)
        if self.step_by_step and parting is None:
            self.reference.program.parameters = snapshot(self.level.parameters)
        return parting

    def _take_parameters(self) -> None:
        """Keep the reference's parameters as they stand, and what to measure differences of them by."""
        self.parameters = snapshot(self.reference.parameters)
        self.sizes = {name: size_of(value) for name, value in self.parameters.items()}

    def _compare_parameters(self, what: What, step: int) -> Parting | None:
        worst = self.found.parameters
        return self._compare(what, self.level.parameters, self.parameters, self.sizes, worst, step)

    def _compare_gradients(self, step: int) -> Parting | None:
        check_gradients_view(self.level)
        gradients = {name: float64(gradient) for name, gradient in self.reference.gradients.items()}
        for name, gradient in gradients.items():
            self.gradient_sizes[name] = max(self.gradient_sizes[name], size_of(gradient))
        worst = self.found.gradients
        return self._compare("gradient", self.level.gradients, gradients, self.gradient_sizes, worst, step)

    def _compare(
        self,
        what: What,
        arrays: Mapping[str, object],
        expected: Arrays,
        sizes: Mapping[str, float],
        worst: dict[str, float],
        step: int,
    ) -> Parting | None:
        """Note the difference of each array in `worst`; say what is wrong with the first that is off."""
        if parting := names_part(what, arrays, expected, step):
            return parting
        parted = None
        least = LEAST_SHARE * max(sizes.values())
        for name, reference in expected.items():
            value = float64(arrays[name])
            difference = relative_difference(value, reference, max(sizes[name], least))
            worst[name] = max(worst.get(name, 0.0), difference)
            if parted is None and not difference <= self.tolerance:
                parted = array_parts(what, name, value, reference, difference, step)
        return parted

    def _changed(self, step: int) -> str | None:
        """The first parameter that is not what it was after the last update, if any.

        Looked at for some steps, then from time to time: whatever it changes, the losses will tell.
        """
        if step >= _WATCHED_STEPS and step % _WATCHED_STEPS:
            return None
        now = self.level.parameters
        least = LEAST_SHARE * max(self.sizes.values())
        for name, expected in self.parameters.items():
            scale = max(self.sizes[name], least)
            if not relative_difference(float64(now[name]), expected, scale) <= self.tolerance:
                return name
        return None


# How many times a training must have enlarged one rounding of its start to be called unstable.
_UNSTABLE = 1000
_UNIT_ROUNDOFF = 2.0**-53


def is_unstable(reference: Reference, twin: Reference, last: int) -> bool:
    """Whether the training itself enlarges a rounding of its start a thousand times, up to step `last`.

    RMSprop divides by the size of gradients that have become nothing but rounding, and amplifies that. Of
    such a training two programs that round differently cannot keep the same losses, however right they
    are.

    Args:
        reference: the training, at its start.
        twin: the same; its start is moved by one unit roundoff, to either side in turn.
        last: the last step to look at.

    """
    twin.program.parameters = {
        name: p * (1 + _UNIT_ROUNDOFF * 2 * (-1) ** i) for i, (name, p) in enumerate(twin.parameters.items())
    }
    moved = _apart(reference, twin)
    for _ in range(last + 1):
        for program in (reference, twin):
            program.backward(program.forward())
            program.update()
        if _apart(reference, twin) > _UNSTABLE * moved:
            return True
    return False


def _apart(one: Reference, other: Reference) -> float:
    """The largest difference of a parameter."""
    others = other.parameters
    return max(size_of(float64(p) - float64(others[name])) for name, p in one.parameters.items())


# --- what is said of a difference -------------------------------------------------------------------


def scalar_loss(level: Level, loss: object) -> float:
    """The number of a loss, which must be 0-d.

    Raises:
        EvoError: it is not.

    """
    shape = tuple(getattr(loss, "shape", ()))
    if shape:
        kind = type(loss).__name__
        raise EvoError(
            f"{place_of(type(level).forward)}forward() returned {kind} of shape {shape}; a loss is 0-d"
        )
    return read_loss(level, loss)


def names_part(what: What, arrays: Mapping[str, object], expected: Arrays, step: int) -> Parting | None:
    """A parameter, or its gradient, that is missing, or that the model does not have."""
    word = _WORDS[what]
    for name in expected:
        if arrays.get(name) is None:
            return Parting(f"{word} {name} is missing{_when(what, step)}", step)
    for name in arrays:
        if name not in expected:
            return Parting(
                f"{word} {name} is none of the model's ({', '.join(expected)}){_when(what, step)}", step
            )
    return None


def array_parts(
    what: What,
    name: str,
    value: NDArray[np.float64],
    reference: NDArray[np.float64],
    difference: float,
    step: int,
) -> Parting:
    """An array that is off."""
    if value.shape != reference.shape:
        shapes = f"has shape {value.shape}, not {reference.shape}"
        return Parting(f"{_WORDS[what]} {name} {shapes}{_when(what, step)}", step)
    return Parting(f"{_WORDS[what]} {name} differs by {difference:.1e}{_when(what, step)}", step, what, name)


def loss_parts(value: float, expected: float, step: int) -> Parting:
    """A loss that is off: both numbers tell more than how far they are apart."""
    digits = next(n for n in count(6) if f"{value:.{n}g}" != f"{expected:.{n}g}")
    numbers = f"{value:.{digits}g}, and the reference's {expected:.{digits}g}"
    return Parting(f"loss is {numbers}, at step {step}", step, "loss")


def changed_early(verb: str, name: str, step: int) -> Parting:
    """A parameter changed by another verb than update()."""
    return Parting(f"{verb}() changes parameter {name}, where only update() may, at step {step}", step)


_WORDS: Mapping[What, str] = {
    "start": "parameter",
    "loss": "loss",
    "gradient": "gradient",
    "parameter": "parameter",
}


def _when(what: What, step: int) -> str:
    if what == "start":
        return " before the first step: the level does not stand at the shared start"
    return f" after update() at step {step}" if what == "parameter" else f" at step {step}"


# --- the same steps again, written down -------------------------------------------------------------

# The first steps tell what a rule remembers.
_FIRST_STEPS = 8


def record_steps(program: Level, last: int) -> dict[int, Step]:
    """What `program` shows on its way from the start to step `last`: see `Evidence.level`.

    A verb that raises, or an array that is not there, ends the record.
    """
    steps: dict[int, Step] = {}
    for step in range(max(last, 0) + 1):
        before = snapshot(program.parameters)
        steps[step] = Step(float("nan"), before, {}, {})
        if last < 0:
            return steps
        try:
            loss = program.forward()
            number = float(loss.item())
            steps[step] = Step(number, before, {}, {})
            program.backward(loss)
            gradients = snapshot(program.gradients)
            steps[step] = Step(number, before, gradients, {})
            program.update()
            steps[step] = Step(number, before, gradients, snapshot(program.parameters))
        except Exception:
            break
        for old in [old for old in steps if _FIRST_STEPS <= old < step - 1]:
            del steps[old]
    return steps


def float64(array: object) -> NDArray[np.float64]:
    """`array` on the host and in float64."""
    return np.asarray(to_numpy(array), dtype=np.float64)
