"""Which runs there are: when they began, what they were, and how they ended."""

import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from autograd_cli.compare.fields import name_of
from autograd_cli.contract.keys import Value, show
from autograd_cli.display.fitting import Column, cut, fit, lines_of, paragraph, short_names
from autograd_cli.display.runs import words_of
from autograd_cli.display.tables import is_numeric
from autograd_cli.display.text import figures, number, shown
from autograd_cli.runs.record import RunRecord


def history_table(
    records: Sequence[RunRecord], numbers: Mapping[str, int], more: int = 0, width: int | None = None
) -> str:
    """A line a run: its `@N`, when it began by the clock here, what it was, how it ended.

    Args:
        records: the runs, in the order to show.
        numbers: what `@N` each has, by path.
        more: how many are not shown.
        width: cells of a line; those of the terminal by default, without bounds on a pipe.

    """
    if width is None and sys.stdout.isatty():
        width = shutil.get_terminal_size().columns
    columns = _columns(records, numbers, fitted=width is not None)
    kept, out = fit(columns, width) if width else (columns, [])
    header, *rows = lines_of(kept)
    lines = [header]
    for row, record in zip(rows, records, strict=True):
        lines.append(cut(row, width) if width else row)
        if record.note:
            lines.append(cut(f"    {shown(record.note)}", width) if width else f"    {shown(record.note)}")
    below = [f"… and {more} more"] if more else []
    below += paragraph(f"no room for {', '.join(out)}" if out else "", width or 80)
    return "\n".join([*lines, *below]) + "\n"


def _columns(records: Sequence[RunRecord], numbers: Mapping[str, int], *, fitted: bool) -> list[Column]:
    names = [name_of(record) for record in records]
    ats = [f"@{numbers[record.path]}" if record.path in numbers else "-" for record in records]
    sweeps = [shown(record.sweep or "-") for record in records]
    keys = {key: [record.config.get(key) for record in records] for key in ("lr", "seed")}
    return [
        Column("", ats),
        Column("begun", [when(record.started_at) for record in records], weight=2),
        Column("what", [what(record) for record in records], weight=0.5),
        *(
            Column(key, words_of(values, key), is_numeric(values), weight=3 + place)
            for place, (key, values) in enumerate(keys.items())
        ),
        Column("status", [record.status for record in records], weight=0.1),
        Column("steps", [str(record.steps) for record in records], True, weight=6),
        Column("last loss", figures([record.last_loss for record in records]), True, weight=1),
        *([Column("sweep", sweeps, weight=9)] if any(record.sweep for record in records) else []),
        Column("run", short_names(names) if fitted else [shown(r.path) for r in records], weight=5),
    ]


def when(started_at: str | None) -> str:
    """The month, day, hour and minute of a time, by the clock here."""
    if not started_at:
        return "-"
    if started_at.endswith("+00:00"):  # as evo writes it: seconds change nothing
        started_at = f"{started_at[:16]}+00:00"
    return _when(started_at)


@lru_cache(maxsize=1024)
def _when(started_at: str) -> str:
    try:
        return f"{datetime.fromisoformat(started_at).astimezone():%m-%d %H:%M}"
    except (ValueError, OverflowError, OSError):
        return shown(started_at)[:11]


def what(record: RunRecord) -> str:
    """`sin/numpy`, or `CSV`."""
    config: Mapping[str, Value] = record.config
    return shown(f"{config.get('task')}/{str(config.get('impl')).rpartition('/')[2]}") if config else "CSV"


def change_line(record: RunRecord, change: str) -> str:
    """A line that says what has become of a run."""
    seed = record.config.get("seed")
    words = [f"{datetime.now():%H:%M:%S}", change, what(record), f"seed={show(seed)}"]
    if change not in ("begun", "removed"):
        words.append(f"last loss {number(record.last_loss)}")
    return " ".join([*words, shown(record.path)]) + "\n"


def names_below(records: Iterable[RunRecord], most: int = 20) -> str:
    """Paths of runs, a line each, and how many more there are."""
    paths = [shown(record.path) for record in records]
    more = [f"… and {len(paths) - most} more"] if len(paths) > most else []
    return "".join(f"{line}\n" for line in [*paths[:most], *more])
