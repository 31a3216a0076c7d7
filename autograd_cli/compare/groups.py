"""Runs in groups: mean and spread of the last loss over seeds, or over whatever else was repeated."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from pathlib import Path
from typing import Any

from autograd_cli.compare.comparison import Comparison
from autograd_cli.compare.fields import CODE, check_key, differs_in_code, keys_in, sort_key, value_of
from autograd_cli.compare.schema import SCHEMA_VERSION
from autograd_cli.contract.config import follows_level
from autograd_cli.contract.keys import Value
from autograd_cli.errors import ConfigError, unknown
from autograd_cli.runs.losses import evenly
from autograd_cli.runs.record import RunRecord

STATISTICS = ("runs", "diverged", "mean", "std", "median", "best", "best_run", "elapsed_s", "step_s")

# Only these have come to the end that their configuration asks for; half a run would bend the mean.
_ENDED = ("completed", "diverged", "csv")


@dataclass(frozen=True)
class Group:
    """Runs that agree on the keys of the grouping.

    Attributes:
        values: the keys' values, in the grouping's order; None for a key that the runs do not have.
        runs: how many runs came to their end.
        diverged: how many of those ended at a loss that is not finite; they have no part in what follows.
        mean: mean of the last losses; None without any.
        std: sample standard deviation of the last losses (n - 1 in the denominator); None below two.
        median: the middle one of the last losses, or the mean of the two in the middle.
        best: the smallest last loss.
        best_run: where that run is.
        elapsed_s: mean seconds of a run's loop.
        step_s: mean seconds of a step.
        curve: the middle one of the losses at evenly spaced steps, for a small picture.

    """

    values: tuple[Value, ...]
    runs: int
    diverged: int
    mean: float | None
    std: float | None
    median: float | None
    best: float | None
    best_run: str | None
    elapsed_s: float | None
    step_s: float | None
    curve: list[float]


@dataclass(frozen=True)
class Members:
    """Runs by the values that they agree on, and how many runs are in no group.

    Attributes:
        keys: the keys of the values.
        runs: the runs of each group, in the order of the comparison.
        left_out: how many runs are in none: replaced, or not come to their end.

    """

    keys: list[str]
    runs: dict[tuple[Value, ...], list[RunRecord]]
    left_out: int


@dataclass(frozen=True)
class Grouping:
    """A table of groups.

    Attributes:
        keys: what the runs of a group agree on.
        groups: the groups, in the order to show.
        left_out: how many runs are in none: replaced, or not come to their end.
        more: how many groups a limit has left out.

    """

    keys: list[str]
    groups: list[Group]
    left_out: int
    more: int = 0

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return [*self.keys, *STATISTICS, "schema_version"]

    def row(self, group: Group) -> dict[str, Any]:
        """The values of one group by column."""
        values: dict[str, Any] = dict(zip(self.keys, group.values, strict=True))
        values |= {name: getattr(group, name) for name in STATISTICS}
        return values | {"schema_version": SCHEMA_VERSION}


def group(
    comparison: Comparison, group_by: str | None, over: str | None, sort: str | None = None
) -> Grouping:
    """Group the runs of a comparison.

    With `over`, runs are kept apart by every key that differs between them but those. Without it, only the
    keys of `group_by` keep runs apart.

    Args:
        comparison: the runs.
        group_by: keys, with commas between them, to be shown first.
        over: keys, with commas between them, whose different values make up a group.
        sort: a key or statistic, smallest first; with `-` before it, largest first. By default the mean.

    Raises:
        ConfigError: a key that no run has, one that is in both lists, or an unknown column to sort by.

    """
    found = members(comparison, *split_keys(comparison, group_by, over))
    groups = [_measure(values, records) for values, records in found.runs.items()]
    return Grouping(found.keys, _sorted(groups, found.keys, sort or "mean"), found.left_out)


def split_keys(
    comparison: Comparison, group_by: str | None, over: str | None
) -> tuple[list[str], list[str] | None]:
    """The keys that both arguments name, with commas between them; None for an `over` that is not given.

    Raises:
        ConfigError: a key that no run has, or one that is in both lists.

    """
    known = keys_in(comparison.records)
    first, inside = _split(group_by, known, "group_by"), _split(over, known, "over")
    for key in inside:
        if key in first:
            raise ConfigError(f"over: '{key}' is in group_by, too", key="over")
    return first, inside if over is not None else None


def members(comparison: Comparison, first: Sequence[str], inside: Sequence[str] | None) -> Members:
    """The runs of a comparison in groups.

    Args:
        comparison: the runs.
        first: keys that keep runs apart, in the order in which the groups name them.
        inside: keys whose different values make up a group; every other key that differs keeps runs apart,
            so that levels or sizes are never averaged by oversight. None: only those of `first` do.

    """
    replaced = _replaced(comparison.records)
    records = [record for record in comparison.records if record.path not in replaced]
    keys = list(first)
    if inside is not None:
        others = {*inside, *first, "print_every"}  # how often a row is printed makes no other run
        differing = [key for key in comparison.differing if key not in others]
        says_level = "impl" in keys + differing
        configs = [record.config for record in comparison.records]
        keys += [key for key in differing if not (says_level and follows_level(key, configs))]
    if CODE not in keys and differs_in_code(records):
        keys = [*keys, CODE]  # a mean over different code would mean nothing
    elif CODE in keys and not differs_in_code(records):
        keys = [key for key in keys if key != CODE]  # all others were replaced
    found: dict[tuple[Value, ...], list[RunRecord]] = {}
    ended = [record for record in records if record.status in _ENDED]
    for record in ended:
        found.setdefault(tuple(value_of(record, key) for key in keys), []).append(record)
    return Members(keys, found, len(comparison.records) - len(ended))


def _replaced(records: Sequence[RunRecord]) -> set[str]:
    """Paths of the runs in whose place others were made, by `--force` or because the code had changed."""
    return {
        str(Path(record.path).with_name(name))
        for record in records
        if record.status in _ENDED
        for name in record.replaces
    }


def _split(text: str | None, known: Sequence[str], argument: str) -> list[str]:
    keys = [key.strip() for key in text.split(",")] if text is not None else []
    for key in keys:
        check_key(key, known, argument, fields=())
    return list(dict.fromkeys(keys))


def _measure(values: tuple[Value, ...], records: Sequence[RunRecord]) -> Group:
    ends = [(record.last_loss, record.path) for record in records if record.last_loss is not None]
    losses = [loss for loss, _ in ends]
    best, best_run = min(ends, default=(None, None))
    return Group(
        values=values,
        runs=len(records),
        diverged=sum(record.status == "diverged" for record in records),
        mean=_mean(losses),
        std=_deviation(losses),
        median=_median(losses),
        best=best,
        best_run=best_run,
        elapsed_s=_mean([r.elapsed_s for r in records if r.elapsed_s is not None]),
        step_s=_mean([r.step_s for r in records if r.step_s is not None]),
        curve=_middle_curve(records),
    )


def _median(losses: Sequence[float]) -> float | None:
    if not losses:
        return None
    ordered, half = sorted(losses), len(losses) // 2
    if len(losses) % 2:
        return ordered[half]
    return ordered[half - 1] / 2 + ordered[half] / 2  # each half for itself: their sum may be no float


def _middle_curve(records: Sequence[RunRecord]) -> list[float]:
    """At each of as many places as the shortest curve has, the middle one of the runs' losses."""
    curves = [record.curve for record in records if record.curve and record.diverged_step is None]
    if not curves:
        return []
    count = min(map(len, curves))
    columns = zip(*(evenly(curve, count) for curve in curves), strict=True)
    return [middle for column in columns if (middle := _median(column)) is not None]


def _mean(losses: Sequence[float]) -> float | None:
    try:
        return fsum(losses) / len(losses) if losses else None
    except OverflowError:  # of the sum; the mean itself is a float
        return fsum(loss / len(losses) for loss in losses)


def _deviation(losses: Sequence[float]) -> float | None:
    from statistics import (
        stdev,
    )  # 4 ms, for fractions and decimals, that a table without groups need not wait

    try:
        return stdev(losses) if len(losses) > 1 else None
    except OverflowError:
        return None


def _sorted(groups: Sequence[Group], keys: Sequence[str], sort: str) -> list[Group]:
    name = sort.removeprefix("-")
    if name not in (*keys, *STATISTICS):
        raise unknown("key", name, (*keys, *STATISTICS), key="sort")

    def value(group: Group) -> Any:
        return group.values[keys.index(name)] if name in keys else getattr(group, name)

    have = sorted(
        (group for group in groups if value(group) is not None),
        key=lambda group: sort_key(value(group)),
        reverse=sort.startswith("-"),
    )
    return have + [group for group in groups if value(group) is None]
