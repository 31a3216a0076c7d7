"""Which run stands for each level, its curve, and what a step of it costs."""

import math
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from itertools import pairwise
from pathlib import Path
from statistics import median

from autograd_cli.config.files import ConfigFile, Setting
from autograd_cli.config.resolve import resolve
from autograd_cli.contract.keys import Value
from autograd_cli.errors import EvoError
from autograd_cli.runs.losses import read_losses
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import LOSSES, RECORD, RunRecord

# Points of a curve: more than a picture of it has columns for.
_POINTS = 160

# What changes no loss, or only which of many equal draws it is.
_ASIDE = frozenset({"seed", "threads", "print_every", "device"})

Point = tuple[int, float | None]  # step and loss

_STATUS = ("completed", "diverged", "timed out", "interrupted", "running", "failed", "damaged")


@dataclass(frozen=True)
class Curve:
    """A loss curve, thinned to what a picture shows; of each stretch the least and the largest are kept.

    Attributes:
        steps: the steps, rising.
        losses: their losses; None where one is not finite.
        zeros: how many losses of the whole run are zero or less, which no log axis shows.

    """

    steps: list[int]
    losses: list[float | None]
    zeros: int = 0

    def at_most(self, points: int) -> "Curve":
        """The curve with at most so many points, first and last among them."""
        if len(self.steps) <= points:
            return self
        kept = list(_extremes(list(zip(self.steps, self.losses, strict=True)), points))
        return Curve([step for step, _ in kept], [loss for _, loss in kept], self.zeros)


@dataclass(frozen=True)
class Trained:
    """The run that stands for a level.

    Attributes:
        record: what run.json says of it.
        curve: its losses.
        step_s: seconds from one loss to the next, the median over its steps; None where no times are.
        differs: keys of its configuration that are not the level's defaults, with their values.
        others: how many more runs of the level there are.

    """

    record: RunRecord
    curve: Curve
    step_s: float | None
    differs: dict[str, Value]
    others: int


def find_runs(patterns: Iterable[str]) -> tuple[list[RunRecord], list[str]]:
    """The runs at paths and patterns, and a line about each that cannot be read."""
    records, complaints = [], []
    for pattern in patterns:
        exists = os.path.lexists(pattern)
        matches = [pattern] if exists else sorted(glob(pattern))
        for match in matches:
            try:
                record = read_run(Path(match))
            except EvoError as error:
                # Of a pattern's matches, what does not look like a run is none.
                if exists or Path(match, RECORD).exists():
                    complaints.append(str(error))
                continue
            if record.config:
                records.append(record)
    return records, complaints


def choose_runs(
    records: Sequence[RunRecord],
    file: ConfigFile | None = None,
    *,
    until: int | None = None,
    aside: Collection[str] | None = None,
) -> tuple[dict[tuple[str, str], Trained], list[str]]:
    """For each task and level the run that stands for it, and a line about each whose losses are unreadable.

    It is one that has come to its end, if there is one; of those the nearest to the level's defaults, or to
    what `file` says; and of those the newest. Curves end at step `until`. With `aside`, no run
    stands for a level that differs from that in other keys than these.
    """
    by_level: dict[tuple[str, str], list[RunRecord]] = {}
    for record in records:
        cell = (str(record.config.get("task")), str(record.config.get("impl")))
        by_level.setdefault(cell, []).append(record)
    chosen, complaints = {}, []
    for cell, runs in by_level.items():
        defaults = _defaults(*cell, file)
        newest = sorted(runs, key=lambda run: run.started_at or "", reverse=True)
        for run in sorted(newest, key=lambda run: _rank(run, defaults)):
            differs = _differs(run, defaults)
            if aside is not None and not (defaults and set(differs) <= set(aside)):
                continue
            try:
                rows = list(read_losses(Path(run.path) / LOSSES, maybe_torn=True))
            except EvoError as error:
                complaints.append(str(error))
                continue
            if rows:
                shown = rows if until is None else [row for row in rows if row[0] <= until]
                chosen[cell] = Trained(run, thinned(shown), _step_s(rows), differs, len(runs) - 1)
                break
    return chosen, complaints


def thinned(rows: Sequence[tuple[int, float, float | None]]) -> Curve:
    """The curve of some rows, with at most some hundred points."""
    losses = [loss if math.isfinite(loss) else None for _, loss, _ in rows]
    zeros = sum(loss is not None and loss <= 0 for loss in losses)
    return Curve([step for step, _, _ in rows], losses, zeros).at_most(_POINTS)


def _extremes(points: Sequence[Point], most: int) -> Iterator[Point]:
    """First point and last, and of each stretch between those with the least and the largest loss.

    Half of the stretches are equally long and half of them double in length from one to the next, so that
    the curve has points enough on a linear axis and on a logarithmic one.
    """
    last, share = len(points) - 1, max(most // 4, 1)
    ends = {1 + i * (last - 1) // share for i in range(share + 1)}
    ends |= {round(last ** (i / share)) for i in range(share + 1)}
    yield points[0]
    for start, end in pairwise(sorted(ends)):
        stretch = points[start:end]
        drawn = [(loss, step) for step, loss in stretch if loss is not None and loss > 0]
        kept = {step: loss for loss, step in (min(drawn), max(drawn))} if drawn else dict(stretch[:1])
        yield from sorted(kept.items(), key=lambda point: point[0])
    yield points[last]


def _step_s(rows: Sequence[tuple[int, float, float | None]]) -> float | None:
    times = [elapsed_s for _, _, elapsed_s in rows]
    steps = [
        later - earlier for earlier, later in pairwise(times) if earlier is not None and later is not None
    ]
    return median(steps) if steps else None


def _rank(run: RunRecord, defaults: Mapping[str, Value]) -> tuple[int, int, int]:
    status = _STATUS.index(run.status) if run.status in _STATUS else len(_STATUS)
    seed = int(run.config.get("seed") != defaults.get("seed"))
    return status, len(_differs(run, defaults)), seed


def _differs(run: RunRecord, defaults: Mapping[str, Value]) -> dict[str, Value]:
    return {
        key: value
        for key, value in run.config.items()
        if key in defaults and key not in _ASIDE and value != defaults[key]
    }


def _defaults(task: str, impl: str, file: ConfigFile | None) -> dict[str, Value]:
    """What a run of the level has where nobody says otherwise; nothing for a level that is not here."""
    given = {"task": Setting(task, "task"), "impl": Setting(impl, "impl")}
    try:
        return resolve(given, file)[1].to_dict()
    except EvoError:
        return {}
