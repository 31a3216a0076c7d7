"""Evidence made to measure: a reference, and a level that shows other numbers than it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_cli.catalogue.registry import find_cell
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem
from autograd_cli.verify.equivalence import record_steps
from autograd_cli.verify.evidence import Arrays, Evidence, Step, What
from autograd_cli.verify.reference import make_reference
from tests.helpers import small

KINDS: tuple[What, ...] = ("start", "loss", "gradient", "parameter")


def evidence_of(
    task: str,
    what: What,
    step: int = 0,
    impl: str = "numpy",
    change: Any = lambda problem: problem,
    **keys: Any,
) -> Evidence:
    """A level and its reference that do not part yet, on data that hide nothing; `change` may alter them."""
    config = small(task, impl, **keys)
    cell = find_cell(task, impl)
    problems = cell.own_problems
    problem = change(getattr(problems, "general", problems.make)(config))

    def program(problem: Problem, config: RunConfig) -> Any:
        return make_reference(cell, problem, config)

    steps = record_steps(program(problem, config), step)
    name = "" if what == "loss" else next(iter(steps[step].before))
    return Evidence(what, name, step, dict(steps), steps, problem, config, program)


def parted(evidence: Evidence, change: Any) -> Evidence:
    """The evidence with `change` made to every array of the kind that parts, as the level shows them."""
    step = evidence.level[evidence.step]

    def changed(arrays: Any) -> dict[str, Any]:
        return {name: np.asarray(change(array)) for name, array in arrays.items()}

    other = {
        "start": lambda: replace(step, before=changed(step.before)),
        "loss": lambda: replace(step, loss=float(change(step.loss))),
        "gradient": lambda: replace(step, gradients=changed(step.gradients)),
        "parameter": lambda: replace(step, after=changed(step.after)),
    }[evidence.what]()
    level: dict[int, Step] = {**evidence.level, evidence.step: other}
    return replace(evidence, level=level)


def other_loss(evidence: Evidence, loss: float) -> Evidence:
    """The evidence of a level with another loss."""
    return parted(replace(evidence, what="loss", name=""), lambda _: loss)


def other_gradients(evidence: Evidence, gradients: Arrays) -> Evidence:
    """The evidence of a level with other gradients; the first that differs is the one that parts."""
    step = evidence.level[evidence.step]
    name = next(n for n, g in gradients.items() if not np.allclose(g, step.gradients[n], rtol=1e-9, atol=0))
    level = {**evidence.level, evidence.step: replace(step, gradients=gradients)}
    return replace(evidence, what="gradient", name=name, level=level)


def trained_by(evidence: Evidence, take_step: Callable[[Arrays, Arrays], Arrays]) -> Evidence:
    """The evidence of a level with another rule, `take_step` of parameters and gradients."""
    cell = find_cell(evidence.config.task, evidence.config.impl)
    program = make_reference(cell, evidence.problem, evidence.config)
    level: dict[int, Step] = {}
    for k, right in evidence.reference.items():
        before = {name: np.array(p) for name, p in program.parameters.items()}
        loss = program.forward()
        program.backward(loss)
        gradients = {name: np.array(g) for name, g in program.gradients.items()}
        after = take_step(before, gradients)
        level[k] = Step(float(loss), before, gradients, after)
        for name, p in right.after.items():
            if not np.allclose(p, after[name], rtol=0, atol=1e-9 * np.abs(p).max()):
                return replace(evidence, what="parameter", name=name, step=k, level=level)
        program.program.parameters = after
    raise AssertionError("the two rules do not part")
