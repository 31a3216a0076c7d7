"""All that is verified of one level of one task."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from autograd_cli.config import RunConfig, Setting, keys_of, resolve
from autograd_cli.level import LevelClass
from autograd_cli.problem import Problem
from autograd_cli.registry import (
    load_level,
    load_problem,
    load_reference,
    model_of,
)
from autograd_cli.tasks.description import Implementation, Task
from autograd_cli.threads import set_threads
from autograd_cli.verify.determinism import Determinism, check_determinism, other_process
from autograd_cli.verify.equivalence import Equivalence, run_in_lockstep
from autograd_cli.verify.functions import check_functions
from autograd_cli.verify.gradients import TOLERANCE as GRADIENT_TOLERANCE
from autograd_cli.verify.gradients import GradientCheck, check_gradients
from autograd_cli.verify.plan import Cell, Plan

DETERMINISM_STEPS = 50

# The start and the rule of update that every level can be configured to have.
_PLAIN = {"start": "normal", "bias": "false", "optimizer": "SGD", "momentum": "0"}


@dataclass(frozen=True)
class Verdict:
    """What was found of one level.

    Attributes:
        task: name of the task.
        impl: name of the implementation.
        reference: what it ran in lockstep with.
        equivalence: how far it strays from the reference.
        gradients: its gradients against central differences.
        functions: its autograd Functions against torch's gradcheck: by name, None if right, else why not.
        determinism: whether it repeats itself.
        complaints: what is wrong, a line each; empty if the level passed.
    """

    task: str
    impl: str
    reference: str
    equivalence: Equivalence
    gradients: GradientCheck
    functions: dict[str, str | None]
    determinism: Determinism
    complaints: list[str]

    @property
    def passed(self) -> bool:
        """Whether nothing is wrong."""
        return not self.complaints


def verify(
    cells: Sequence[Cell], plan: Plan, announce: Callable[[str], None] = lambda _cell: None
) -> Iterator[Verdict]:
    """Verify one level after the other, handing over each verdict as it is reached.

    Args:
        cells: the levels.
        plan: how.
        announce: called with the name of each level before its turn.
    """
    set_threads(1)
    with other_process() as elsewhere:
        for task, implementation in cells:
            announce(f"{task.name} / {implementation.name}")
            yield _verify_cell(task, implementation, plan, elsewhere)


def _verify_cell(
    task: Task, implementation: Implementation, plan: Plan, elsewhere: ProcessPoolExecutor
) -> Verdict:
    level_class = load_level(task, implementation)
    implementation = replace(implementation, model=model_of(level_class, implementation))
    equivalence = _check_equivalence(task, implementation, level_class, plan)
    own = _config(task, implementation, {})
    gradients = _worst_gradients(
        (task, implementation), level_class, replace(own, dtype="float64"), plan.directions
    )
    functions = check_functions(level_class)
    determinism = check_determinism(replace(own, steps=min(own.steps, DETERMINISM_STEPS)), elsewhere)
    complaints = [equivalence.parted] if equivalence.parted else []
    if not gradients.difference <= GRADIENT_TOLERANCE:
        complaints.append(f"{gradients.worst} is off its central difference by {gradients.difference:.1e}")
    complaints += [f"Function {name}: {complaint}" for name, complaint in functions.items() if complaint]
    if not determinism.again:
        complaints.append("the same configuration gives other losses the second time")
    if not determinism.elsewhere:
        complaints.append("the same configuration gives other losses in another process")
    numpy_name = task.implementations[0].name
    reference = (
        numpy_name
        if implementation.model == task.implementations[0].model
        else f"{implementation.model} model"
    )
    return Verdict(
        task.name, implementation.name, reference, equivalence, gradients, functions, determinism, complaints
    )


def _check_equivalence(
    task: Task, implementation: Implementation, level_class: LevelClass, plan: Plan
) -> Equivalence:
    """Lockstep at the plain start under plain SGD, or for a model of its own as the level is configured."""
    shares_model = implementation.model == task.implementations[0].model
    keys = {key: text for key, text in _PLAIN.items() if key in keys_of(task)} if shares_model else {}
    config = _config(task, implementation, keys | {"dtype": plan.dtype})
    if shares_model:
        # The one learning rate of the lowest level, for which the plain start was made.
        config = replace(config, lr=_config(task, task.implementations[0], {}).lr)
    steps = plan.steps_of(config)
    problem = load_problem(task).make(config)
    reference_class = load_reference(task, implementation.model)
    return run_in_lockstep(
        level_class(problem, config), reference_class(problem, config), steps, plan.tolerance
    )


def _worst_gradients(
    cell: Cell, level_class: LevelClass, config: RunConfig, directions: int
) -> GradientCheck:
    task, implementation = cell
    module = load_problem(task)
    paths = module.interface(implementation.model, config).paths
    checks = [
        check_gradients(level_class, problem, config, directions)
        for problem in _every_path(module.make(config), paths)
    ]
    return max(checks, key=lambda check: check.difference)


def _every_path(problem: Problem, paths: int) -> Iterator[Problem]:
    """The problem with other draws, such that the first forward pass takes each of the paths once."""
    seen: set[int] = set()
    seed = 0
    while len(seen) < paths:
        other = replace(problem, control=np.random.SeedSequence(seed))
        path = next(other.choices(paths)) if paths > 1 else 0
        if path not in seen:
            seen.add(path)
            yield other
        seed += 1


def _config(task: Task, implementation: Implementation, keys: dict[str, str]) -> RunConfig:
    settings = {"task": task.name, "impl": implementation.name} | keys
    return resolve([(key, Setting(text, "verify")) for key, text in settings.items()])
