"""Runs side by side: which to show, in which order, and what of their configurations differs."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograd_cli.catalogue.files import names_class
from autograd_cli.contract.config import class_name
from autograd_cli.contract.keys import real
from autograd_cli.errors import ConfigError, EvoError, unknown
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import RunRecord

# What every row shows, by the names that `sort` and `where` take beside configuration keys.
FIELDS = ("run", "status", "last_loss", "best_loss", "steps", "step_s")
RATIOS = ("last_loss", "best_loss", "step_s")

# The source of a level of the user's own, shown and grouped by where levels of one class differ in it.
CODE = "code"

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

    """

    keys: list[str]
    records: list[RunRecord]
    baseline: RunRecord | None
    differing: list[str]

    @property
    def columns(self) -> list[str]:
        """Names of the columns: the run, what differs, what came out, ratios, the curve."""
        ratios = [f"{name}_ratio" for name in RATIOS] if self.baseline else []
        return ["run", "status", *self.keys, *FIELDS[2:], *ratios, "curve"]

    def row(self, record: RunRecord) -> dict[str, Any]:
        """The values of one run by column, as numbers where they are numbers; `curve` as a list."""
        row: dict[str, Any] = {"run": record.path or "in memory", "status": record.status}
        row |= {key: value_of(record, key) for key in self.keys}
        row |= {name: value_of(record, name) for name in FIELDS[2:]}
        if self.baseline:
            row |= {f"{name}_ratio": _ratio(record, self.baseline, name) for name in RATIOS}
        return row | {"curve": record.curve}


def code_of(record: RunRecord) -> str | None:
    """Eight digits that tell the code of a level of the user's own; None for one of evo's own."""
    return record.source_digest[:8] if record.source_digest else None


def differs_in_code(records: Iterable[RunRecord]) -> bool:
    """Whether levels of one class were run with different sources."""
    sources: dict[str, set[str | None]] = {}
    for record in records:
        if names_class(str(record.config.get("impl"))):
            sources.setdefault(class_name(record.config), set()).add(record.source_digest)
    return any(len(found) > 1 for found in sources.values())


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
    baseline: str | None = None,
    where: Sequence[str] = (),
) -> Comparison:
    """Choose, order and relate runs.

    Args:
        records: the runs.
        sort: a field or configuration key, smallest first; with `-` before it, largest first. Runs that
            have no such value come last.
        baseline: path or name of the run that ratios refer to; it may stand outside of `records`.
        where: `KEY=VALUE` each; only runs that match all of them stay.

    Raises:
        ConfigError: a key that no run has, an argument that is not KEY=VALUE, or an unknown baseline.

    """
    base = find_baseline(records, baseline) if baseline else None
    keys = list(dict.fromkeys(key for record in records for key in record.config))
    chosen = list(records)
    for condition in where:
        key, equals, text = condition.partition("=")
        if not (equals and key):
            raise ConfigError(f"where: '{condition}': expected KEY=VALUE, such as impl=numpy", key="where")
        check_key(key, keys, "where")
        chosen = [record for record in chosen if _matches(configured(record, key), text)]
    if sort:
        name = sort.removeprefix("-")
        check_key(name, keys, "sort")
        known = [record for record in chosen if value_of(record, name) is not None]
        rest = [record for record in chosen if value_of(record, name) is None]
        known.sort(key=lambda record: sort_key(value_of(record, name)), reverse=sort.startswith("-"))
        chosen = known + rest
    differing = [key for key in keys if _differs(key, chosen)]
    if differs_in_code(chosen):
        differing.append(CODE)
    return Comparison([key for key in differing if key not in _NOT_SHOWN], chosen, base, differing)


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
    try:
        return read_run(Path(baseline))
    except EvoError as error:
        raise ConfigError(f"baseline: {error}", key="baseline") from error


def value_of(record: RunRecord, key: str) -> Any:
    """A field of the run, or a value of its configuration; None if it has neither."""
    if key == "run":
        return record.path
    if key == CODE:
        return code_of(record)
    return getattr(record, key) if key in (*FIELDS, "name", "sweep") else record.config.get(key)


def configured(record: RunRecord, key: str) -> Any:
    """A value as it was asked for, where the configuration has it: `steps` of a run that diverged, too."""
    return record.config[key] if key in record.config else value_of(record, key)


def check_key(
    key: str, keys: Sequence[str], argument: str, fields: Sequence[str] = (*FIELDS, "name", "sweep")
) -> None:
    """Refuse a key that is neither among `keys` nor among `fields`.

    Raises:
        ConfigError: it is not; it is the value of `argument`.

    """
    allowed = dict.fromkeys((*fields, *keys))
    if key not in allowed:
        raise unknown("key", key, allowed, key=argument)


def _matches(value: Any, text: str) -> bool:
    if isinstance(value, bool):
        return text.lower() == str(value).lower()
    if isinstance(value, int | float):
        try:
            return real(text) == value
        except ValueError:
            return False
    return text == ("null" if value is None else value)


def sort_key(value: Any) -> tuple[bool, float, str]:
    """Numbers by size, before words by alphabet."""
    is_number = isinstance(value, int | float)
    return (not is_number, value if is_number else 0.0, "" if is_number else str(value))


def _differs(key: str, records: Sequence[RunRecord]) -> bool:
    """Whether runs that have the key disagree on it; no run disagrees on another task's keys."""
    values = [record.config[key] for record in records if key in record.config]
    return any(value != values[0] for value in values)


def _ratio(record: RunRecord, baseline: RunRecord, name: str) -> float | None:
    value, base = value_of(record, name), value_of(baseline, name)
    if value is None or not base:
        return None
    ratio: float = value / base
    return ratio if math.isfinite(ratio) else None
