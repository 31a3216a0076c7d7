"""The columns that programs read: always the same, whatever runs are shown. docs/SCHEMA.md describes them.

A column is never renamed, and never changes its type or meaning, without another `SCHEMA_VERSION`; new ones
may come at the end.
"""

import math
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from autograd_cli.catalogue.registry import TASKS
from autograd_cli.compare.fields import keys_in, value_of
from autograd_cli.contract.keys import COMMON_KEYS, Key
from autograd_cli.runs.record import RunRecord

SCHEMA_VERSION = 1

# Figures that can be shown as ratios to those of a baseline.
RATIOS = ("last_loss", "best_loss", "step_s")

_FIRST: dict[str, type] = {
    "run": str,
    "name": str,
    "sweep": str,
    "status": str,
    "reason": str,
    "note": str,
    "task": str,
    "impl": str,
    "code": str,
    "model": str,
}
_LAST: dict[str, type] = {
    "steps_done": int,
    "first_loss": float,
    "best_loss": float,
    "best_step": int,
    "last_loss": float,
    "elapsed_s": float,
    "step_s": float,
    **{f"{name}_ratio": float for name in RATIOS},
    "started_at": str,
    "finished_at": str,
    "schema_version": int,
}


@cache
def run_columns() -> dict[str, type]:
    """Every column of a run and its type; the keys are those of evo's own tasks. Any value may be missing."""
    keys: dict[str, Key] = dict(COMMON_KEYS)
    for task in TASKS.values():
        keys |= {key.name: key for key in task.keys if key.name not in keys}
    return _FIRST | {name: key.kind for name, key in keys.items()} | _LAST


def columns_of(records: Iterable[RunRecord]) -> list[str]:
    """The columns of a table of runs: the fixed ones, and keys that only tasks from elsewhere have, last."""
    fixed = run_columns()
    return [*fixed, *(key for key in keys_in(records) if key not in fixed)]


def row_of(record: RunRecord, columns: Sequence[str], baseline: RunRecord | None = None) -> dict[str, Any]:
    """The values of a run by column; None where it has none. `curve` is a list of losses."""
    return {name: _cell(record, name, baseline) for name in columns}


def _cell(record: RunRecord, name: str, baseline: RunRecord | None) -> Any:
    if name in record.config:
        return record.config[name]
    if name == "run":
        return record.path or "in memory"
    if name == "curve":
        return record.curve
    if name == "schema_version":
        return SCHEMA_VERSION
    if name.endswith("_ratio"):
        return ratio_of(record, baseline, name.removesuffix("_ratio")) if baseline else None
    return value_of(record, name)


def ratio_of(record: RunRecord, baseline: RunRecord, name: str) -> float | None:
    """A figure as a multiple of the baseline's; None where there is no such number."""
    value, base = value_of(record, name), value_of(baseline, name)
    if value is None or not base:
        return None
    ratio: float = value / base
    return ratio if math.isfinite(ratio) else None
