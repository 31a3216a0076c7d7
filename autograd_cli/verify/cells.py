"""All that is verified of one level of one task."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import numpy as np

from autograd_cli.catalogue.blame import place_of
from autograd_cli.catalogue.cell import Cell, RunOfBatch
from autograd_cli.contract.arrays import to_numpy
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.level import Level
from autograd_cli.contract.problem import Problem
from autograd_cli.contract.watched import WatchedConfig, watched
from autograd_cli.training.cores import cores
from autograd_cli.training.device import use_device
from autograd_cli.training.honour import not_honoured
from autograd_cli.training.threads import set_threads
from autograd_cli.verify.cases import Case, cases_of, plain_config, trained_config
from autograd_cli.verify.determinism import (
    Determinism,
    LossesByThreads,
    Repetition,
    compare_processes,
    fresh_processes,
    losses_by_threads,
    repeat,
)
from autograd_cli.verify.equivalence import (
    VERBS,
    Equivalence,
    Parting,
    is_unstable,
    record_steps,
    run_in_lockstep,
)
from autograd_cli.verify.evidence import Evidence
from autograd_cli.verify.functions import FunctionCheck, check_functions
from autograd_cli.verify.gradients import TOLERANCE as GRADIENT_TOLERANCE
from autograd_cli.verify.gradients import GradientCheck, check_gradients
from autograd_cli.verify.hypotheses import explain
from autograd_cli.verify.isolation import Isolation
from autograd_cli.verify.plan import Plan
from autograd_cli.verify.reach import what_was_compared, what_was_not_shown
from autograd_cli.verify.reference import Reference, cast_problem, make_reference
from autograd_cli.verify.rounded import bounded_problem, bounded_rule, run_beside_bounds
from autograd_cli.verify.rules import rule_of


@dataclass(frozen=True)
class CaseVerdict:
    """What was found of a level in one case.

    Attributes:
        label: what is special about the case.
        equivalence: how far the level strays from the reference there.

    """

    label: str
    equivalence: Equivalence


@dataclass(frozen=True)
class Verdict:
    """What was found of one level.

    Attributes:
        task: name of the task.
        impl: name of the implementation.
        reference: what it was held against.
        tolerance: the largest relative difference that passes in float64.
        cases: the settings, data and sizes in which it was, one after the other.
        gradients: its gradients against central differences; None if the level broke before.
        functions: the autograd Functions that it applies against torch's gradcheck, by name.
        determinism: whether it repeats itself; None if the level broke before.
        complaints: what is wrong, a line each; empty if the level passed.
        reach: what was compared, a line each.
        not_shown: what was not, a line each.
        source_digest: SHA-256 of the source of a level of the user's own.

    """

    task: str
    impl: str
    reference: str
    tolerance: float
    cases: tuple[CaseVerdict, ...] = ()
    gradients: GradientCheck | None = None
    functions: Mapping[str, FunctionCheck] = field(default_factory=dict)
    determinism: Determinism | None = None
    complaints: tuple[str, ...] = ()
    reach: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()
    source_digest: str | None = None

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
        ConfigError: a level cannot be loaded, the plan's settings do not fit a task, or the
            device is not there.

    """
    set_threads(1)
    isolation = Isolation()
    for cell in cells:
        cell.check_needs()
        if cell.spec.takes_all:
            isolation.load(cell)  # a mistake in a user's file comes before all work
    configs = [_repeated(cell, plan) for cell in cells]
    for config in configs[:1]:
        use_device(config)
    with fresh_processes(1) as elsewhere, ExitStack() as stack:
        # All at once, so that the other process works while this one does.
        pending = [
            elsewhere.submit(losses_by_threads, cell, config) if cell.travels else None
            for cell, config in zip(cells, configs, strict=True)
        ]
        if len(cells) > _FEW and not any(cell.spec.takes_all for cell in cells):
            pool = stack.enter_context(fresh_processes(cores()))
            jobs = [pool.submit(_verify_there, *job, plan) for job in zip(cells, configs, strict=True)]
            found: Iterable[_Found] = (job.result() for job in jobs)
        else:
            found = (_verify_here(*job, plan, isolation) for job in zip(cells, configs, strict=True))
        results = iter(found)
        for cell, config, losses in zip(cells, configs, pending, strict=True):
            announce(cell.label)
            verdict, repetition = next(results)
            yield _completed(cell, config, verdict, repetition, losses)


# So many levels are verified in this process; more of them in one for each core.
_FEW = 3

_Found = tuple["Verdict", Repetition | None]


def _verify_here(cell: Cell, repeated: RunConfig, plan: Plan, isolation: Isolation) -> _Found:
    with isolation.of(cell):
        return _verify_cell(cell, plan, repeated)


def _verify_there(cell: Cell, repeated: RunConfig, plan: Plan) -> _Found:
    set_threads(1)
    return _verify_cell(cell, plan, repeated)


def _completed(
    cell: Cell,
    config: RunConfig,
    verdict: Verdict,
    repetition: Repetition | None,
    elsewhere: LossesByThreads | None,
) -> Verdict:
    """The verdict with what the other process has found."""
    if repetition is None:
        return verdict
    try:
        there, with_two = elsewhere.result() if elsewhere else losses_by_threads(cell, config)
    except Exception as error:
        if not cell.is_outside:
            raise
        return replace(verdict, complaints=verdict.complaints or (cell.blame(error),))
    determinism = compare_processes(repetition, there, with_two, is_elsewhere=elsewhere is not None)
    complaints = [] if determinism.again else ["the same configuration gives other losses the second time"]
    if determinism.elsewhere is False:
        complaints += ["the same configuration gives other losses in another process"]
    return replace(verdict, determinism=determinism, complaints=(*verdict.complaints, *complaints))


def _repeated(cell: Cell, plan: Plan) -> RunConfig:
    """The level as it is trained, over a few steps."""
    config = trained_config(cell, plan)
    return replace(config, steps=min(config.steps, plan.repeated_steps))


def _verify_cell(cell: Cell, plan: Plan, repeated: RunConfig) -> _Found:
    lowest = cell.task.levels[0].name
    name = f"{cell.model} model in NumPy" if cell.has_reference else lowest
    digest = cell.source_digest
    verdict = Verdict(cell.task.name, cell.spec.name, name, plan.tolerance, source_digest=digest)
    trials: list[tuple[Case, _Trial]] = []
    try:
        for case in cases_of(cell, plan):
            trial = _Trial(cell, case, plan.tolerance)
            trials.append((case, trial))
            if trial.found.parted:
                break
        verdict = replace(
            verdict,
            cases=tuple(CaseVerdict(case.label, trial.found) for case, trial in trials),
            complaints=tuple(trial.complaint for _, trial in trials if trial.found.parted),
        )
        if any(trial.found.broken for _, trial in trials):
            return verdict, None
        verdict = replace(
            verdict,
            gradients=_worst_gradients(cell, replace(repeated, dtype="float64"), plan),
            functions=_check_functions(cell, plan),
        )
        repetition = repeat(cell, repeated)
    except Exception as error:
        if not cell.is_outside:
            raise
        # What parted the level first says more than what broke later.
        return replace(verdict, complaints=verdict.complaints or (cell.blame(error),)), None
    equivalences = [(case, trial.found) for case, trial in trials]
    unread = list(dict.fromkeys(key for _, trial in trials for key in trial.not_honoured))
    verdict = replace(
        verdict,
        complaints=(*verdict.complaints, *_complaints(verdict)),
        reach=tuple(what_was_compared(equivalences, plan.tolerance)),
        not_shown=tuple(what_was_not_shown(equivalences, unread, has_reference=cell.has_reference)),
    )
    return verdict, repetition


class _Trial:
    """One case of a level: what was found, and what is to be said of it."""

    def __init__(self, cell: Cell, case: Case, tolerance: float) -> None:
        self._cell, self._case = cell, case
        self._config: RunConfig = watched(case.config) if cell.spec.takes_all else case.config
        # The reference first: it holds copies of the problem's arrays before anybody else touches them.
        reference = self._reference()
        level = self._level()
        parameters = {name: to_numpy(array) for name, array in level.parameters.items()}
        if (
            case.is_rounded
            and not case.is_asked
            and {str(p.dtype) for p in parameters.values()} != {"float32"}
        ):
            self.found = Equivalence()  # a level of one dtype alone: not honoured, and said so
        elif case.is_rounded:
            self.found = run_beside_bounds(level, reference, case.steps)
        else:
            self.found = run_in_lockstep(level, reference, case.steps, tolerance)
            if self._is_unstable(self.found.parted):
                unstable_step = self.found.steps - 1
                level, reference = self._level(), self._reference()
                self.found = run_in_lockstep(level, reference, case.steps, tolerance, step_by_step=True)
                self.found.unstable_step = unstable_step
        self.not_honoured: list[str] = []
        if isinstance(self._config, WatchedConfig):
            cell.own_problems.make(self._config)  # what the data are made from is honoured, too
            self.not_honoured = not_honoured(cell.task, self._config, parameters)

    def _is_unstable(self, parted: Parting | None) -> bool:
        """Whether it was not the level but the training that has parted the two."""
        if parted is None or parted.what in (None, "start") or not self._cell.has_reference:
            return False
        return is_unstable(self._reference(), self._reference(), parted.step)

    def _reference(self) -> Reference:
        case = self._case
        if not case.is_rounded:
            return make_reference(self._cell, case.problem, case.config)
        exact = bounded_problem(cast_problem(case.problem, "float32"))
        return Reference(self._cell.reference(exact, case.config), bounded_rule(rule_of(case.config)))

    def _level(self) -> Level:
        runs = self._case.together
        if runs:
            return RunOfBatch(self._cell.make_batch(runs), runs.index(self._case.config))
        return self._cell.make(self._config, cast_problem(self._case.problem, "float64"))

    @property
    def complaint(self) -> str:
        """What parted the two, why that may be, in which case, and where in a user's file to look."""
        parted = self.found.parted
        assert parted is not None
        why = self._explain(parted)
        says = f"{parted.says}: {why}" if why else parted.says
        label = "" if self._case.label in ("plain", "as trained") else f"{self._case.label}: "
        return f"{label}{says}{self._where(parted)}"

    def _where(self, parted: Parting) -> str:
        """The verb in the user's file that decides it."""
        if parted.what is None or not self._cell.is_outside:
            return ""
        verb = getattr(self._cell.level_class, VERBS[parted.what], None)
        place = place_of(verb) or place_of(self._cell.level_class)
        return f"   {place.removesuffix(': ')}" if place else ""

    def _explain(self, parted: Parting) -> str | None:
        """The same steps again, written down, and the hypothesis that explains them."""
        if parted.what is None or self._case.is_rounded or self.found.unstable_step is not None:
            return None
        cell, case = self._cell, self._case
        last = max(parted.step, 0)
        try:
            with np.errstate(all="ignore"):
                level = record_steps(self._level(), parted.step)
                reference = record_steps(self._reference(), parted.step)
                evidence = Evidence(
                    parted.what, parted.name, last, level, reference, case.problem, case.config, self._program
                )
                return explain(evidence)
        except Exception as error:
            if cell.is_outside and not isinstance(error, AssertionError):
                return None  # a level that does not repeat itself; the facts stand
            raise

    def _program(self, problem: Problem, config: RunConfig) -> Any:
        return make_reference(self._cell, problem, config)


def _complaints(verdict: Verdict) -> Iterator[str]:
    """What is wrong beside the equivalence."""
    gradients = verdict.gradients
    if gradients and not gradients.difference <= GRADIENT_TOLERANCE:
        yield f"{gradients.worst} is off its central difference by {gradients.difference:.1e}"
    for name, check in verdict.functions.items():
        if check.first:
            yield f"Function {name}: derivatives of first order: {check.first}"


def _check_functions(cell: Cell, plan: Plan) -> dict[str, FunctionCheck]:
    """At the first of the odd shapes, which has few numbers; without one, as the level is configured."""
    config = replace(plain_config(cell, plan), dtype="float64")
    if cell.task.odd_shapes and not any(key in plan.settings for key in cell.task.odd_shapes[-1]):
        config = replace(config, options={**config.options, **cell.task.odd_shapes[-1]})
    return check_functions(lambda: cell.make(config))


def _worst_gradients(cell: Cell, config: RunConfig, plan: Plan) -> GradientCheck:
    paths = cell.problems.signature(cell.model, config).paths
    checks = [
        check_gradients(cell.level_class, problem, config, plan.directions)
        for problem in _every_path(cell.own_problems.make(config), paths)
    ]
    return max(checks, key=lambda check: check.difference)


def _every_path(problem: Problem, paths: int) -> Iterator[Problem]:
    """The problem with other draws, such that the first forward pass takes each of the paths once."""
    seen: set[int] = set()
    seeds = count()
    while len(seen) < paths:
        other = replace(problem, control=np.random.SeedSequence(next(seeds)))
        path = next(other.choices(paths))
        if path not in seen:
            seen.add(path)
            yield other
