"""A level of float32, verb by verb, against the rounding that float32 explains."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from math import isfinite, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_cli.catalogue.checks import check_gradients_view
from autograd_cli.contract.arrays import size_of, to_numpy
from autograd_cli.contract.level import Level
from autograd_cli.contract.problem import Problem
from autograd_cli.verify.equivalence import (
    Equivalence,
    Parting,
    array_parts,
    float64,
    follow,
    loss_parts,
    names_part,
    scalar_loss,
)
from autograd_cli.verify.evidence import What
from autograd_cli.verify.reference import Reference
from autograd_cli.verify.rounding import UNIT_ROUNDOFF, Bounded
from autograd_cli.verify.rules import SGD, Rule


def run_beside_bounds(level: Level, reference: Reference, steps: int) -> Equivalence:
    """Train `level` for `steps` steps, each held against the reference at the level's own numbers.

    Over many steps two programs of float32 drift apart as they please. So each verb is judged by what it
    was given: forward() and backward() by the level's parameters before the step, update() by the level's
    gradients. The reference, made with float32 numbers, computes them in float64 with a bound of what any
    program of float32 can make of them: see `rounding.py`. A difference is measured by that bound, entry
    by entry, and may be as large.
    """
    beside = _Beside(level, reference)
    return follow(beside.found, level, steps, beside.compare_starts, beside.step)


def bounded_problem(problem: Problem) -> Problem:
    """The problem's arrays, which are float32 numbers, as exact ones with bounds."""
    start: Any = {name: Bounded(value) for name, value in problem.start.items()}
    x: Any = Bounded(problem.x)
    y: Any = Bounded(problem.y)
    return replace(problem, x=x, y=y, start=start)


def bounded_rule(rule: Rule) -> Rule:
    """The rule with numbers that float32 may have rounded: 1 - 0.999 is then known to four digits."""
    assert is_dataclass(rule)
    rounded = {f.name: _rounded(getattr(rule, f.name)) for f in fields(rule)}
    return replace(rule, **rounded)


def _rounded(number: Any) -> Any:
    if isinstance(number, tuple):
        return tuple(map(_rounded, number))
    if isinstance(number, float) and number:
        return Bounded(number, UNIT_ROUNDOFF * abs(number))
    return number


class _Beside:
    """What is kept from step to step."""

    def __init__(self, level: Level, reference: Reference) -> None:
        self.level, self.reference = level, reference
        self.found = Equivalence(share=0.0)
        self.start: dict[str, Any] = dict(reference.parameters)
        self.hidden: dict[str, Any] = dict.fromkeys(self.start, 0.0)

    def compare_starts(self) -> Parting | None:
        """The start, rounded once."""
        parameters = self.level.parameters
        for name, array in parameters.items():
            dtype = str(to_numpy(array).dtype)
            if dtype != "float32":
                return Parting(f"parameter {name} is {dtype} where dtype=float32 was asked for", -1)
        expected = {name: Bounded(p.value, UNIT_ROUNDOFF * np.abs(p.value)) for name, p in self.start.items()}
        return self._compare("start", parameters, expected, self.found.parameters, -1)

    def step(self, step: int) -> Parting | None:
        """One step, each verb by what it was given."""
        level, reference, found = self.level, self.reference, self.found
        before = {name: np.array(float64(p)) for name, p in level.parameters.items()}
        half = {name: UNIT_ROUNDOFF * np.abs(p) for name, p in before.items()}  # of the last digit shown
        reference.program.parameters = {name: Bounded(p, half[name]) for name, p in before.items()}
        loss, expected = level.forward(), reference.forward()
        value = scalar_loss(level, loss)
        if not isfinite(expected.value):
            return Parting(f"the reference diverges, its loss is {expected.value} at step {step}", step)
        size = abs(float(expected.value)) or 1.0
        found.loss = max(found.loss, abs(value - float(expected.value)) / size)
        if not self._fits(np.asarray(value), expected):
            return loss_parts(value, float(expected.value), step)
        level.backward(loss)
        reference.backward(expected)
        check_gradients_view(level)
        gradients = {name: np.array(float64(g)) for name, g in level.gradients.items() if g is not None}
        parting = self._compare("gradient", level.gradients, reference.gradients, found.gradients, step)
        if parting:
            return parting
        level.update()
        assert reference.rule is not None
        shown: Any = {name: Bounded(p, half[name] + self.hidden[name]) for name, p in before.items()}
        moved = reference.rule.step(shown, self._used(gradients))
        return self._compare("parameter", level.parameters, moved, found.parameters, step)

    def _used(self, gradients: Mapping[str, NDArray[np.float64]]) -> dict[str, Bounded]:
        """The level's gradients, by which it must have moved; by plain descent, as well as they can be known.

        A level may keep a parameter in another form than it shows: in more digits, or as its start and a sum
        of gradients, as one by Gram matrices does. What it shows is then rounded, and a gradient that it uses
        and the one that it shows may each be off by what the last sum over the examples makes of the same
        numbers. Only a rule that is linear in the gradients can be followed so.
        """
        rule, expected = self.reference.rule, self.reference.program.gradients
        if not isinstance(rule, SGD):
            return {name: Bounded(gradients[name]) for name in expected}
        share = _number(rule.lr) / (1 - _number(rule.momentum))
        for name, bounded in expected.items():
            self.hidden[name] = self.hidden[name] + 2 * share * bounded.own
        return {name: Bounded(gradients[name], 2 * expected[name].own) for name in expected}

    def _compare(
        self,
        what: What,
        arrays: Mapping[str, object],
        expected: Mapping[str, Bounded],
        worst: dict[str, float],
        step: int,
    ) -> Parting | None:
        numbers = {name: bounded.value for name, bounded in expected.items()}
        if parting := names_part(what, arrays, numbers, step):
            return parting
        for name, bounded in expected.items():
            value = float64(arrays[name])
            fits = value.shape == bounded.shape and self._fits(value, bounded)
            difference = _relative(value, bounded.value)
            worst[name] = max(worst.get(name, 0.0), difference)
            if not fits:
                parting = array_parts(what, name, value, bounded.value, difference, step)
                bound = ", and rounding in float32 does not explain it"
                return replace(parting, says=parting.says + bound)
        return None

    def _fits(self, value: NDArray[np.float64], expected: Bounded) -> bool:
        """Whether every number lies within its bound; the largest share of one is kept."""
        gap = np.abs(value - expected.value)
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.where(gap == 0, 0.0, gap / expected.error)
        largest = float(share.max(initial=0.0))
        self.found.share = max(self.found.share or 0.0, largest)
        return largest <= 1.0


def _number(number: Any) -> float:
    return float(number.value) if isinstance(number, Bounded) else float(number)


def _relative(value: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    if value.shape != expected.shape:
        return nan
    return size_of(value - expected) / (size_of(expected) or 1.0)
