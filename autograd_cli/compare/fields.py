"""What a run can be asked for by name: keys as they were configured, and figures as they were recorded."""

from collections.abc import Iterable, Sequence
from typing import Any

from autograd_cli.catalogue.files import names_class
from autograd_cli.contract.config import class_name
from autograd_cli.errors import unknown
from autograd_cli.runs.record import RunRecord

# The source of a level of the user's own, shown and grouped by where levels of one class differ in it.
CODE = "code"

# What every table of runs can show and sort by, beside configuration keys. `steps` is what was asked for, and
# `steps_done` what was recorded.
FIELDS = (
    "run",
    "status",
    "last_loss",
    "best_loss",
    "steps_done",
    "step_s",
    "name",
    "sweep",
    "note",
    "first_loss",
    "best_step",
    "elapsed_s",
    "started_at",
    "finished_at",
    "model",
    "reason",
    CODE,
)
_FIELDS = frozenset(FIELDS)
NUMBERS = frozenset(
    {"last_loss", "best_loss", "steps_done", "step_s", "first_loss", "best_step", "elapsed_s"}
)


def value_of(record: RunRecord, key: str) -> Any:
    """A value of the run's configuration, or what was recorded of it; None if it has neither."""
    if key in record.config:
        return record.config[key]
    if key == "run":
        return record.path
    if key == CODE:
        return code_of(record)
    if key == "steps_done":
        return record.steps
    return getattr(record, key) if key in _FIELDS else None


def keys_in(records: Iterable[RunRecord]) -> list[str]:
    """The configuration keys that some run has, in the order in which they are met."""
    found: dict[str, None] = {}
    seen: set[tuple[str, ...]] = set()
    for record in records:
        names = tuple(record.config)
        if names not in seen:  # of thousands of runs there are a few tasks
            seen.add(names)
            found.update(dict.fromkeys(names))
    return list(found)


def keys_of_all(records: Iterable[RunRecord]) -> set[str]:
    """The configuration keys that every run has."""
    forms = {tuple(record.config) for record in records}
    return set.intersection(*map(set, forms)) if forms else set()


def code_of(record: RunRecord) -> str | None:
    """Eight digits that tell the code of a level of the user's own; None for one of evo's own."""
    return record.source_digest[:8] if record.source_digest else None


def differs_in_code(records: Iterable[RunRecord]) -> bool:
    """Whether levels of one class were run with different sources."""
    runs = list(records)
    own = {impl for impl in {record.config.get("impl") for record in runs} if names_class(str(impl))}
    sources: dict[str, set[str | None]] = {}
    for record in runs if own else ():
        if record.config.get("impl") in own:
            sources.setdefault(class_name(record.config), set()).add(record.source_digest)
    return any(len(found) > 1 for found in sources.values())


def check_key(key: str, keys: Sequence[str], argument: str, fields: Sequence[str] = FIELDS) -> None:
    """Refuse a key that is neither among `keys` nor among `fields`.

    Raises:
        ConfigError: it is not; it is the value of `argument`.

    """
    allowed = dict.fromkeys((*fields, *keys))
    if key not in allowed:
        raise unknown("key", key, allowed, key=argument)


def sort_key(value: Any) -> tuple[bool, float, str]:
    """Numbers by size, before words by alphabet."""
    is_number = isinstance(value, int | float)
    return (not is_number, value if is_number else 0.0, "" if is_number else str(value))


def name_of(record: RunRecord) -> str:
    """The last part of the run's path, which names it in its folder."""
    return record.path.rstrip("/").rpartition("/")[2] or "in memory"
