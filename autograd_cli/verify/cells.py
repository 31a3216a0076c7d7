"""All that is verified of one level of one task."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from autograd_cli.catalogue.cell import Cell
from autograd_cli.config.files import Setting
from autograd_cli.config.resolve import resolve
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.keys import Value, show
from autograd_cli.contract.problem import Problem
from autograd_cli.training.device import use_device
from autograd_cli.training.threads import set_threads
from autograd_cli.verify.determinism import (
    Determinism,
    LossesByThreads,
    check_determinism,
    losses_by_threads,
    other_process,
)
from autograd_cli.verify.equivalence import Equivalence, run_in_lockstep
from autograd_cli.verify.functions import check_functions
from autograd_cli.verify.gradients import TOLERANCE as GRADIENT_TOLERANCE
from autograd_cli.verify.gradients import GradientCheck, check_gradients
from autograd_cli.verify.plan import Plan


@dataclass(frozen=True)
class Verdict:
    """What was found of one level.

    Attributes:
        task: name of the task.
        impl: name of the implementation.
        reference: what it ran in lockstep with.
        equivalence: how far it strays from the reference.
        gradients: its gradients against central differences; None if the level broke before.
        functions: its autograd Functions against torch's gradcheck: by name, None if right, else why not.
        determinism: whether it repeats itself; None if the level broke before.
        complaints: what is wrong, a line each; empty if the level passed.
    """

    task: str
    impl: str
    reference: str
    equivalence: Equivalence
    gradients: GradientCheck | None = None
    functions: Mapping[str, str | None] = field(default_factory=dict)
    determinism: Determinism | None = None
    complaints: list[str] = field(default_factory=list)

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

    Raises:
        ConfigError: a level from outside cannot be loaded, the plan's settings do not fit a task, or the
            device is not there.

    """
    set_threads(1)
    for cell in cells:
        if cell.spec.takes_all:
            _ = cell.level_class  # a mistake in a user's file comes before all work
    configs = [_repeated(cell, plan) for cell in cells]
    for config in configs[:1]:
        use_device(config)
    with other_process() as elsewhere:
        # All at once, so that the other process works while this one does.
        pending = [
            elsewhere.submit(losses_by_threads, cell, config) if cell.travels else None
            for cell, config in zip(cells, configs, strict=True)
        ]
        for cell, config, losses in zip(cells, configs, pending, strict=True):
            announce(cell.label)
            yield _verify_cell(cell, plan, config, losses)


def _repeated(cell: Cell, plan: Plan) -> RunConfig:
    """The level as it is configured, over a few steps."""
    config = _config(cell, plan, {}, plan.device)
    return replace(config, steps=min(config.steps, plan.repeated_steps))


def _verify_cell(cell: Cell, plan: Plan, repeated: RunConfig, elsewhere: LossesByThreads | None) -> Verdict:
    lowest = cell.task.levels[0].name
    reference = lowest if cell.model == cell.task.model else f"{cell.model} model"
    verdict = Verdict(cell.task.name, cell.spec.name, reference, Equivalence())
    try:
        equivalence = _check_equivalence(cell, plan)
        complaints = [equivalence.parted] if equivalence.parted else []
        verdict = replace(verdict, equivalence=equivalence, complaints=complaints)
        if equivalence.broken:
            return verdict
        verdict = replace(
            verdict,
            gradients=_worst_gradients(cell, replace(repeated, dtype="float64"), plan),
            functions=check_functions(cell.level_class, repeated.device),
            determinism=check_determinism(cell, repeated, elsewhere),
        )
    except Exception as error:
        if not cell.is_outside:
            raise
        # What parted the level first says more than what broke later.
        return replace(verdict, complaints=[verdict.equivalence.parted or cell.blame(error)])
    return replace(verdict, complaints=complaints + list(_complaints(verdict)))


def _complaints(verdict: Verdict) -> Iterator[str]:
    """What is wrong beside the equivalence."""
    gradients, determinism = verdict.gradients, verdict.determinism
    if gradients and not gradients.difference <= GRADIENT_TOLERANCE:
        yield f"{gradients.worst} is off its central difference by {gradients.difference:.1e}"
    for name, complaint in verdict.functions.items():
        if complaint:
            yield f"Function {name}: {complaint}"
    if determinism and not determinism.again:
        yield "the same configuration gives other losses the second time"
    if determinism and determinism.elsewhere is False:
        yield "the same configuration gives other losses in another process"


def _check_equivalence(cell: Cell, plan: Plan) -> Equivalence:
    """Lockstep at the plain start under plain SGD, or for a model of its own as the level is configured."""
    task = cell.task
    shares_model = cell.model == task.model
    keys = task.plain if shares_model else {}
    config = _config(cell, plan, keys | {"dtype": plan.dtype}, plan.device)
    if shares_model:
        # The one learning rate of the lowest level, for which the plain start was made.
        config = replace(config, lr=_config(Cell(task, task.levels[0]), plan, {}).lr)
    problem = cell.problems.make(config)
    # The reference first: it holds copies of the problem's arrays before anybody else touches them.
    reference = cell.reference(problem, replace(config, device="cpu"))
    level = cell.make(config, problem)
    return run_in_lockstep(level, reference, plan.steps_of(config), plan.tolerance)


def _worst_gradients(cell: Cell, config: RunConfig, plan: Plan) -> GradientCheck:
    paths = cell.problems.signature(cell.model, config).paths
    checks = [
        check_gradients(cell.level_class, problem, config, plan.directions)
        for problem in _every_path(cell.problems.make(config), paths)
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


def _config(cell: Cell, plan: Plan, keys: Mapping[str, Value], device: Setting | None = None) -> RunConfig:
    settings: dict[str, Value] = {"task": cell.task.name, "impl": cell.spec.name, **keys}
    own = {key: Setting(show(value), "verify") for key, value in settings.items()}
    if device:
        own["device"] = device
    classes = {cell.spec.name: cell.given} if cell.given else {}
    return resolve(own | dict(plan.settings), classes=classes)[1]
