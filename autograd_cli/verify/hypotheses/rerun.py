"""What the reference's program gives under other circumstances."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from autograd_cli.catalogue.cell import Cell
from autograd_cli.catalogue.registry import find_task
from autograd_cli.contract.arrays import snapshot
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Float64, Problem
from autograd_cli.verify.evidence import Arrays, Evidence, Step, What
from autograd_cli.verify.hypotheses.fit import arrays_of, explained


@dataclass(frozen=True)
class _Later(Problem):
    """A problem at a later step: its control flow goes on where that of the steps before ended."""

    step: int
    choose: Callable[[int], int]

    def choices(self, n: int) -> Iterator[int]:
        """The draws from `step` on, as `choose` changes them."""
        return map(self.choose, islice(super().choices(n), self.step, None))


def rerun(
    evidence: Evidence,
    *,
    x: Float64 | None = None,
    y: Float64 | None = None,
    parameters: Arrays | None = None,
    config: RunConfig | None = None,
    choose: Callable[[int], int] = lambda choice: choice,
) -> Arrays:
    """The arrays of the kind that parted, at the step where they did, from the parameters before it.

    Args:
        evidence: where two programs part.
        x: inputs in place of the problem's.
        y: targets in place of the problem's.
        parameters: some of the parameters before the step, in place of the reference's.
        config: settings in place of the evidence's.
        choose: what becomes of a draw of the control flow.

    """
    problem = evidence.problem
    start = {**problem.start, **evidence.reference[evidence.step].before, **(parameters or {})}
    there = _Later(
        problem.x if x is None else x,
        problem.y if y is None else y,
        start,
        problem.control,
        evidence.step,
        choose,
    )
    step = _take_step(evidence.program(there, config or evidence.config), evidence.what)
    return arrays_of(evidence, step)


def replay(evidence: Evidence, config: RunConfig, start: Arrays, steps: int) -> Step:
    """The last of so many steps from the start, with other settings and another start."""
    problem = replace(evidence.problem, start={**evidence.problem.start, **start})
    level = evidence.program(problem, config)
    for _ in range(steps - 1):
        _take_step(level)
    return _take_step(level)


def make_of(evidence: Evidence) -> Callable[[RunConfig], Problem]:
    """What makes the task's own data and start for a configuration."""
    task = find_task(evidence.config.task, "verify")
    return Cell(task, task.levels[0]).own_problems.make


def explained_by_rerun(evidence: Evidence, **changes: Any) -> bool:
    """Whether `rerun` with these changes gives what the level did."""
    return explained(evidence, rerun(evidence, **changes))


def _take_step(level: Any, until: What = "parameter") -> Step:
    """A step as far as it is asked for."""
    loss = level.forward()
    if until == "loss":
        return Step(float(loss), {}, {}, {})
    level.backward(loss)
    gradients = snapshot(level.gradients)
    if until == "gradient":
        return Step(float(loss), {}, gradients, {})
    level.update()
    return Step(float(loss), {}, gradients, snapshot(level.parameters))
