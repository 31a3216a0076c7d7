"""Runs side by side: which to show, in which order, and what of their configurations differs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from autograd_cli.catalogue.registry import TASKS
from autograd_cli.compare.fields import (
    CODE,
    FIELDS,
    check_key,
    differs_in_code,
    keys_in,
    keys_of_all,
    sort_key,
    value_of,
)
from autograd_cli.compare.filters import Wanted, choose_runs
from autograd_cli.compare.schema import columns_of, row_of
from autograd_cli.compare.selection import select
from autograd_cli.contract.config import follows_level
from autograd_cli.contract.keys import Value
from autograd_cli.errors import ConfigError, EvoError
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import RunRecord

# The steps that were taken have a column, and the spacing of printed rows changes nothing in a run.
_NOT_SHOWN = frozenset({"steps", "print_every"})


@dataclass(frozen=True)
class Comparison:
    """A table of runs.

    Attributes:
        keys: the configuration keys to show, whose values differ between the runs.
        records: the runs, in the order to show.
        baseline: the run that ratios refer to, if any.
        differing: all configuration keys whose values differ.
        chosen: the columns that were asked for, in that order; None for all.
        left_out: how many runs a limit has left out.

    """

    keys: list[str]
    records: list[RunRecord]
    baseline: RunRecord | None
    differing: list[str]
    chosen: list[str] | None = None
    left_out: int = 0

    @property
    def columns(self) -> list[str]:
        """Names of the columns that programs read; docs/SCHEMA.md describes them."""
        return self.chosen or columns_of(self.records)

    def row(self, record: RunRecord) -> dict[str, Any]:
        """The values of one run by column, as numbers where they are numbers, and its `curve` as a list."""
        return row_of(record, self.chosen or [*columns_of(self.records), "curve"], self.baseline)

    @cached_property
    def keys_of_all(self) -> set[str]:
        """The configuration keys that every run has."""
        return keys_of_all(self.records)

    @property
    def telling_keys(self) -> list[str]:
        """The keys by which runs are told apart: those that differ, less those that only follow the level."""
        if "impl" not in self.keys:
            return self.keys
        configs = [record.config for record in self.records]
        return [key for key in self.keys if key == CODE or not follows_level(key, configs)]

    def rows(self) -> list[dict[str, Any]]:
        """The values of every run."""
        names = self.chosen or [*columns_of(self.records), "curve"]
        return [row_of(record, names, self.baseline) for record in self.records]


def load_runs(paths: Iterable[Path]) -> tuple[list[RunRecord], list[str]]:
    """The runs at `paths`, and a line about each path that cannot be read as one."""
    records, complaints = [], []
    for path in paths:
        try:
            records.append(read_run(path))
        except EvoError as error:
            complaints.append(str(error))
    return records, complaints


def compare(
    records: Sequence[RunRecord],
    sort: str | None = None,
    baseline: str | RunRecord | None = None,
    where: Iterable[Wanted | str] = (),
    columns: str | None = None,
    limit: int | None = None,
) -> Comparison:
    """Choose, order and relate runs.

    Args:
        records: the runs.
        sort: a field or configuration key, smallest first; with `-` before it, largest first. Runs that
            have no such value come last. Without it the order stays.
        baseline: the run, or path or name of the run that ratios refer to; it may stand outside of `records`.
        where: conditions, see `filters`; only runs that fulfil all of them stay.
        columns: names of columns, with commas between them, in place of those that tell runs apart.
        limit: how many runs to keep, of the first ones.

    Raises:
        ConfigError: a key that no run has, an argument that is no condition, or an unknown baseline.

    """
    base = find_baseline(records, baseline) if isinstance(baseline, str) else baseline
    keys = keys_in(records)
    chosen = choose_runs(records, where)
    if sort:
        name = sort.removeprefix("-")
        check_key(name, keys, "sort")
        known = [record for record in chosen if value_of(record, name) is not None]
        rest = [record for record in chosen if value_of(record, name) is None]
        known.sort(key=lambda record: sort_key(value_of(record, name)), reverse=sort.startswith("-"))
        chosen = known + rest
    names = _split_columns(columns, keys)
    differing = _differing(keys, chosen)
    if differs_in_code(chosen):
        differing.append(CODE)
    kept = chosen if limit is None else chosen[:limit]
    shown = [key for key in differing if key not in _NOT_SHOWN]
    return Comparison(shown, kept, base, differing, names, len(chosen) - len(kept))


def best_first(records: Sequence[RunRecord]) -> list[RunRecord]:
    """The runs, smallest last loss first among those whose losses measure the same.

    Those are runs of one task and of equal sizes. Others stand together in the order in which the first of
    them is met; runs without a last loss come last among their like.
    """
    kinds: dict[tuple[Value, ...], int] = {}

    def place(record: RunRecord) -> tuple[int, bool, float]:
        loss = record.last_loss
        return kinds.setdefault(kind_of(record), len(kinds)), loss is None, loss or 0.0

    return sorted(records, key=place)


def kind_of(record: RunRecord) -> tuple[Value, ...]:
    """What two runs have in common whose losses measure the same: the task, and the sizes of its data."""
    return kind_in(record.config)


def kind_in(config: Mapping[str, Value]) -> tuple[Value, ...]:
    """The same of a configuration, or of what is known of one."""
    name = config.get("task")
    return (name, *map(config.get, _sizes(str(name))))


def follows_task(key: str, configs: Iterable[Mapping[str, Value]]) -> bool:
    """Whether the value of a key says nothing that the task does not say; False if no task comes twice."""
    pairs = [(config.get("task"), config.get(key)) for config in configs]
    tasks = {task for task, _ in pairs}
    return key != "task" and 1 < len(tasks) < len(pairs) and len(set(pairs)) == len(tasks)


@cache
def _sizes(task: str) -> list[str]:
    """Keys of the sizes of a task's data; of a task from elsewhere none is known."""
    keys = TASKS[task].keys if task in TASKS else ()
    return [key.name for key in keys if key.plain is None and key.kind is int]


def _split_columns(text: str | None, keys: Sequence[str]) -> list[str] | None:
    if text is None:
        return None
    names = list(dict.fromkeys(name.strip() for name in text.split(",")))
    ratios = [name for name in columns_of(()) if name.endswith("_ratio")]
    for name in names:
        check_key(name, keys, "columns", fields=(*FIELDS, *ratios, "curve"))
    return names


def find_baseline(records: Sequence[RunRecord], baseline: str) -> RunRecord:
    """The run that `baseline` names by path or by the last part of its path.

    Raises:
        ConfigError: there is no such run, or more than one.

    """
    named = [r for r in records if Path(r.path) == Path(baseline)] or [
        r for r in records if Path(r.path).name == baseline
    ]
    if len(named) > 1:
        raise ConfigError(f"baseline: '{baseline}' names {len(named)} runs; give its path", key="baseline")
    if named:
        return named[0]
    found = select([baseline])
    if len(found.records) != 1:
        problem = found.complaints[0] if found.complaints else f"'{baseline}' means {len(found.records)} runs"
        raise ConfigError(f"baseline: {problem}", key="baseline")
    return found.records[0]


def _differing(keys: Iterable[str], records: Iterable[RunRecord]) -> list[str]:
    """The keys on which runs that have them disagree; no run disagrees on another task's keys."""
    alike: dict[tuple[str, ...], list[Iterable[Value]]] = {}
    for record in records:
        alike.setdefault(tuple(record.config), []).append(record.config.values())
    found: dict[str, set[Value]] = {key: set() for key in keys}
    for names, rows in alike.items():
        for name, column in zip(names, zip(*rows, strict=True), strict=True):
            found[name].update(column)
    return [key for key, values in found.items() if len(values) > 1]
