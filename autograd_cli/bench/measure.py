"""A benchmark from its cases: generations of rounds until the intervals are narrow or the time is over."""

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from time import monotonic

from autograd_cli.bench.floors import Floor, floor_of, rate_works
from autograd_cli.bench.fresh import call_fresh
from autograd_cli.bench.plan import Case, in_portions
from autograd_cli.bench.rounds import Generation, run_generations
from autograd_cli.bench.startup import Startup, start
from autograd_cli.bench.statistics import Estimate, estimate, ratio
from autograd_cli.bench.work import VERBS, LevelWork, RateWork, Work
from autograd_cli.errors import ConfigError, EvoError
from autograd_cli.training.device import check_device

# Half of an interval, as a share of the median, at which a time is known well enough.
NARROW = 0.02
_PROCESSES = 4
_LEAST_PROCESSES = 2
_QUICK_PROCESSES = 2
# Of the time that there is, what fresh processes may take.
_STARTUP_SHARE = 0.4
# From here on others on the machine, or its host, may be what is measured.
_BUSY, _STOLEN, _DRIFT = 0.1, 0.02, 1.1


@dataclass(frozen=True)
class Measured:
    """What was measured of a case.

    Attributes:
        case: the level and its settings.
        step: seconds a step; None where it could not be measured.
        verbs_s: seconds a verb, by its name, the median of all blocks; of a device, without `read`.
        first_step_s: the first step in a process that had its framework imported.
        startup: the start in a fresh process; None where there was no time for it.
        floor: what a step takes at the least, if its task tells.
        over_leanest: how many times as long a step takes as the fastest of its group, `gram` aside.
        over_gram: the same over level `gram`, the least arithmetic that is known, where that was measured.
        blocks: seconds a step of each generation's blocks.
        failure: why there is nothing.

    """

    case: Case
    step: Estimate | None
    verbs_s: dict[str, float] = field(default_factory=dict)
    first_step_s: float | None = None
    startup: Startup | None = None
    floor: Floor | None = None
    over_leanest: Estimate | None = None
    over_gram: Estimate | None = None
    blocks: list[list[float]] = field(default_factory=list)
    failure: str | None = None


@dataclass(frozen=True)
class Measurement:
    """All that a call has measured.

    Attributes:
        measured: the cases, those of a group together, in their order.
        rates: what the machine can: operations a second of a product, bytes a second of a copy.
        loop_s: of each generation the seconds of a loop that no level changes, a block each.
        warnings: what may have disturbed, a line each.
        span_s: seconds that all took.

    """

    measured: list[Measured]
    rates: dict[RateWork, float]
    loop_s: list[list[float]]
    warnings: list[str]
    span_s: float


# Told how far a benchmark is: what it does, and the share that is done.
Progress = Callable[[str, float], None]


def measure(
    cases: Sequence[Case], span_s: float, progress: Progress, *, quick: bool = False, startups: bool = True
) -> Measurement:
    """Measure the cases in about `span_s` seconds, and longer where three rounds of all take longer."""
    begun_s = monotonic()
    progress("start-up", 0.0)
    starts = {} if quick or not startups else _starts(cases, begun_s + _STARTUP_SHARE * span_s, progress)
    portions = in_portions(cases)
    found: list[Measured] = []
    rates: dict[RateWork, float] = {}
    generations: list[Generation] = []
    for i, portion in enumerate(portions):
        share_s = (begun_s + span_s - monotonic()) / (len(portions) - i)
        works, own = _rounds(portion, share_s, progress, quick=quick)
        rates |= _rates(works, own)
        found += _measured(portion, own, starts, rates)
        generations += own
    order = {id(case): i for i, case in enumerate(cases)}
    return Measurement(
        sorted(found, key=lambda one: order[id(one.case)]),
        rates,
        [generation.blocks[-1].step_s for generation in generations],
        _warnings(generations),
        monotonic() - begun_s,
    )


def check_devices(cases: Sequence[Case]) -> None:
    """Refuse a device that is not there; only a process of its own imports torch to find out.

    Raises:
        ConfigError: torch finds no GPU.

    """
    on_device = next((case for case in cases if case.config.device != "cpu"), None)
    if on_device is not None:
        try:
            call_fresh(check_device, on_device.config)
        except EvoError as error:
            raise ConfigError(error.message, key="device") from None


def _starts(cases: Sequence[Case], until_s: float, progress: Progress) -> dict[int, Startup]:
    """Each level's start in a process of its own, once: its first setting stands for it."""
    first = {(case.cell.task.name, case.cell.spec.name): case for case in reversed(cases)}
    order = [case for case in cases if first[case.cell.task.name, case.cell.spec.name] is case]
    random.Random(0).shuffle(order)  # where the time is too short for all, no task is left out as a whole
    found: dict[int, Startup] = {}
    for i, case in enumerate(order):
        if monotonic() > until_s or not case.cell.travels:
            break
        progress(f"start-up of {case.cell.label}", _STARTUP_SHARE * i / len(order))
        with suppress(EvoError):  # what is wrong with it, its rounds will tell
            found[id(case)] = call_fresh(start, case.cell, case.config)
    return found


def _rounds(
    cases: Sequence[Case], span_s: float, progress: Progress, *, quick: bool
) -> tuple[list[Work], list[Generation]]:
    levels = [LevelWork(case.cell, case.config) for case in cases]
    works: list[Work] = [*levels, *reversed(rate_works(cases))]
    most = _QUICK_PROCESSES if quick else _PROCESSES
    begun_s = monotonic()
    found: list[Generation] = []
    for i in range(most):
        progress(
            f"rounds of process {i + 1} of at most {most}", _STARTUP_SHARE + (1 - _STARTUP_SHARE) * i / most
        )
        left_s = begun_s + span_s - monotonic()
        # What a process takes beside its rounds is known from those before.
        beside_s = (monotonic() - begun_s - sum(g.span_s for g in found)) / max(i, 1)
        beside_s = beside_s if found else 0.25 * left_s / most
        own_s = max(left_s / (most - i) - beside_s, 0.0)
        if found and left_s < beside_s:
            break
        if all(case.cell.travels for case in cases):
            found += call_fresh(run_generations, works, own_s, i)
        else:  # a class of a notebook is nowhere but in this process
            found += run_generations(works, own_s, i)
        if i + 1 >= _LEAST_PROCESSES and _is_narrow(found, len(cases)):
            break
    return works, found


def _is_narrow(generations: Sequence[Generation], count: int) -> bool:
    return all(
        estimate(_steps(generations, i)).half_width <= NARROW
        for i in range(count)
        if not _failure(generations, i)
    )


def _measured(
    cases: Sequence[Case],
    generations: Sequence[Generation],
    starts: dict[int, Startup],
    rates: dict[RateWork, float],
) -> list[Measured]:
    steps = [None if _failure(generations, i) else _steps(generations, i) for i in range(len(cases))]
    times = [None if own is None else estimate(own) for own in steps]
    found = []
    for i, case in enumerate(cases):
        own, step = steps[i], times[i]
        if own is None or step is None:
            found.append(Measured(case, None, failure=_failure(generations, i)))
            continue
        group = [j for j, other in enumerate(cases) if other.group == case.group and times[j]]
        # The least arithmetic is a floor of its own: what it is over is no cost of an abstraction.
        usual = [j for j in group if cases[j].cell.spec.name != "gram"] or group
        leanest = min(usual, key=lambda j: times[j].median)  # type: ignore[union-attr]
        gram = next((j for j in group if cases[j].cell.spec.name == "gram"), None)
        verbs = [verbs for generation in generations for verbs in generation.blocks[i].verbs_s]
        found.append(
            Measured(
                case,
                step,
                {verb: _median([one[verb] for one in verbs]) for verb in VERBS if verbs and verb in verbs[0]},
                _median([generation.blocks[i].first_s for generation in generations]),
                starts.get(id(case)),
                floor_of(case, rates),
                ratio(own, steps[leanest] or own),
                None if gram is None else ratio(own, steps[gram] or own),
                own,
            )
        )
    return found


def _steps(generations: Sequence[Generation], i: int) -> list[list[float]]:
    return [generation.blocks[i].step_s for generation in generations]


def _failure(generations: Sequence[Generation], i: int) -> str | None:
    return next((g.blocks[i].failure for g in generations if g.blocks[i].failure), None)


def _rates(works: Sequence[Work], generations: Sequence[Generation]) -> dict[RateWork, float]:
    """The best that each work reached in most rounds: the lower quartile of its times."""
    found = {}
    for i, work in enumerate(works):
        if isinstance(work, RateWork) and work.kind != "loop" and not _failure(generations, i):
            blocks = [block for own in _steps(generations, i) for block in own]
            found[work] = work.amount / estimate([blocks]).lower_quartile
    return found


def _warnings(generations: Sequence[Generation]) -> list[str]:
    found = []
    others = [g.others for g in generations if g.others is not None]
    stolen = [g.stolen for g in generations if g.stolen is not None]
    if others and (busy := max(others)) > _BUSY:
        found.append(f"other processes used up to {busy:.2g} processors meanwhile")
    if stolen and (most := max(stolen)) > _STOLEN:
        found.append(f"the machine's host gave up to {most:.0%} of its time to others")
    loops = [block for generation in generations for block in generation.blocks[-1].step_s]
    if loops:
        times = estimate([loops])
        if (drift := times.upper_quartile / times.lower_quartile) > _DRIFT:
            found.append(f"a loop took up to {drift:.2f} times as long as at other times: the clock scales?")
    return found


def _median(values: Sequence[float]) -> float:
    return estimate([values]).median if len(values) > 1 else values[0]
