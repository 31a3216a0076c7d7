"""Runs as text: a table that fits the terminal, and the formats that programs read."""

import csv
import io
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from shutil import get_terminal_size
from typing import Any

from autograd_cli.compare.comparison import Comparison, follows_task, kind_of
from autograd_cli.compare.fields import CODE, value_of
from autograd_cli.compare.schema import RATIOS, ratio_of
from autograd_cli.contract.keys import Value, show
from autograd_cli.display.fitting import Column, cut, fit, lines_of, paragraph, short_names
from autograd_cli.display.tables import is_numeric, markdown_table
from autograd_cli.display.text import (
    at_the_point,
    figures,
    in_one_unit,
    json_text,
    log_range,
    shown,
    sparkline,
    telling_figures,
)
from autograd_cli.runs.record import RunRecord

# What a person looks at first; a table without room for all keys keeps these.
_FIRST_KEYS = ("task", "impl", CODE, "lr", "seed")
_TITLES = {
    "last_loss": "last loss",
    "best_loss": "best loss",
    "first_loss": "first loss",
    "steps_done": "steps done",
}
_WEIGHTS = {
    "last_loss": 1.0,
    "last_loss_ratio": 2.0,
    "status": 3.0,
    "steps_done": 5.0,
    "curve": 6.0,
    "step_s": 7.0,
    "best_loss": 8.0,
    "step_s_ratio": 8.5,
}
_MOST_COMMON = 12


def _table(comparison: Comparison) -> str:
    return run_table(comparison, get_terminal_size().columns if sys.stdout.isatty() else None)


def run_table(comparison: Comparison, width: int | None) -> str:
    """A line a run: whole on a pipe, or in `width` cells, with what all runs share said once above.

    A note takes a line of its own, below its run.
    """
    columns = comparison_columns(comparison, fitted=width is not None)
    if width is None:
        return "\n".join(lines_of(columns)) + "\n"
    kept, out = fit(columns, width)
    header, *rows = lines_of(kept)
    body = []
    for row, record in zip(rows, comparison.records, strict=True):
        body.append(cut(row, width))
        if record.note:
            body.append(cut(f"  {shown(record.note)}", width))
    common = paragraph(_in_common(comparison, has_curves="curve" not in out), width)
    above = [*common, ""] if common else []
    return "\n".join([*above, cut(header, width), *body, *_below(comparison, out, width)]) + "\n"


def _below(comparison: Comparison, out: Sequence[str], width: int) -> list[str]:
    lines = []
    if comparison.left_out:
        lines.append(f"… and {comparison.left_out} more runs, for --limit")
    if out:
        lines.append(f"no room for {', '.join(out)}; --columns chooses")
    return [line for text in lines for line in paragraph(text, width)]


def _in_common(comparison: Comparison, *, has_curves: bool) -> str:
    """What all runs share: folder, status, keys, and the axis of the curves."""
    records = comparison.records
    if not records:
        return ""
    total = len(records) + comparison.left_out
    words = [f"{total} run{'s' * (total != 1)}"]
    folder = _folder(records)
    if folder is not None:
        words.append(f"in {shown(folder)}")
    statuses = {record.status for record in records}
    if len(statuses) == 1 and not comparison.chosen and len(records) > 1:
        words.append(f", {'all ' if statuses != {'csv'} else ''}{statuses.pop()}")
    text = " ".join(words).replace(" ,", ",")
    common = _constants(comparison)
    if common:
        text += ": " + " ".join(common)
    kinds = {kind_of(record) for record in records}
    if has_curves and "curve" in (comparison.chosen or ["curve"]) and any(record.curve for record in records):
        if len(kinds) == 1:
            low, high = _axis(records)
            text += f"; curves on one log axis, from {low:.3g} to {high:.3g}"
        else:
            text += "; curves on a log axis for each task and size"
    return text


def _constants(comparison: Comparison) -> list[str]:
    """`lr=1e-06` for each key whose value every run has and none differs in."""
    records = comparison.records
    shared = [key for key in records[0].config if key not in comparison.differing and key != "print_every"]
    everywhere = [key for key in shared if key in comparison.keys_of_all]
    config = records[0].config
    told = [f"{shown(key)}={shown(show(config[key]))}" for key in everywhere if config[key] is not None]
    more = len(told) - _MOST_COMMON
    return told if more <= 1 else [*told[:_MOST_COMMON], f"and {more} more"]


def _folder(records: Iterable[RunRecord]) -> str | None:
    """The one folder that all runs are in, if it is not the one where evo stands."""
    folders = {record.path.rpartition("/")[0] for record in records}
    folder = folders.pop()
    return folder if not folders and folder else None


def _axis(records: Sequence[RunRecord]) -> tuple[float, float]:
    """From where to where curves go; a run that diverged does not press the others flat."""
    calm = [record.curve for record in records if record.diverged_step is None]
    return log_range(calm if any(calm) else [record.curve for record in records])


def comparison_columns(comparison: Comparison, *, fitted: bool) -> list[Column]:
    """The columns of a table; with `fitted`, names are short, and what all runs share has none."""
    records = comparison.records
    paths = [record.path or "in memory" for record in records]
    if comparison.chosen:
        names = comparison.chosen if "run" in comparison.chosen else ["run", *comparison.chosen]
    else:
        names = _default_columns(comparison, fitted=fitted)
    found = []
    for place, name in enumerate(names):
        if name == "run":
            texts = _short(paths) if fitted else [shown(path) for path in paths]
            found.append(Column("run", texts, least=8))
        else:
            column = column_of(comparison, name)
            # What was asked for is left out in the opposite order.
            column.weight = 10 + place if comparison.chosen else _weight(comparison, name)
            found.append(column)
    return found


def _short(paths: Sequence[str]) -> list[str]:
    inside = [path.rpartition("/")[2] or path for path in paths]
    whole = paths if len(set(inside)) < len(set(paths)) else inside
    return short_names(whole)


def _default_columns(comparison: Comparison, *, fitted: bool) -> list[str]:
    records = comparison.records
    keys = comparison.telling_keys if fitted else comparison.keys
    statuses = len({record.status for record in records})
    names = ["run", *(["status"] if statuses > 1 or len(records) < 2 or not fitted else []), *keys]
    if "steps" in comparison.differing:
        names.append("steps")
    stopped = any(record.steps != record.config.get("steps", record.steps) for record in records)
    names += ["last_loss", "best_loss", *(["steps_done"] if stopped or not fitted else []), "step_s"]
    if comparison.baseline:
        names += [f"{name}_ratio" for name in RATIOS]
    return [*names, "curve", *(["note"] if not fitted and any(record.note for record in records) else [])]


def _weight(comparison: Comparison, name: str) -> float:
    """How soon a column makes room for others."""
    if name in _FIRST_KEYS:
        return 1 + _FIRST_KEYS.index(name) / 10
    if name in _WEIGHTS:
        return _WEIGHTS[name]
    if name.endswith("_ratio"):
        return 9
    # What the task says already makes room for the curve.
    is_told = follows_task(name, (record.config for record in comparison.records))
    # A key that few of the runs have leaves most of its column empty.
    is_everywhere = name in comparison.keys and name in comparison.keys_of_all
    if not is_everywhere:
        return 10
    return (6.5 if is_told else 4) + comparison.keys.index(name) / 100


def column_of(comparison: Comparison, name: str) -> Column:
    """A column of figures or words, in one form from the first row to the last."""
    records = comparison.records
    if name == "curve":
        kinds = list(map(kind_of, records))
        axes: dict[tuple[Value, ...], list[RunRecord]] = {}
        for kind, record in zip(kinds, records, strict=True):
            axes.setdefault(kind, []).append(record)
        spans = {kind: _axis(some) for kind, some in axes.items()}
        curves = [sparkline(r.curve, 16, spans[kind]) for kind, r in zip(kinds, records, strict=True)]
        return Column("curve", curves)
    if name.endswith("_ratio"):
        base = comparison.baseline
        ratios = [ratio_of(r, base, name.removesuffix("_ratio")) if base else None for r in records]
        title = {"step_s": "time"}.get(name.removesuffix("_ratio"), name.removesuffix("_loss_ratio"))
        return Column(f"{title} ratio", figures(ratios, 4), is_right=True)
    values = [value_of(record, name) for record in records]
    if name in ("step_s", "elapsed_s"):
        unit, texts = in_one_unit(values)
        return Column(f"{unit}/step" if name == "step_s" else f"time {unit}", texts, is_right=True)
    if name.endswith("_loss"):
        return Column(_TITLES[name], figures(values), is_right=True)
    return Column(_TITLES.get(name, shown(name)), words_of(values, name), is_right=is_numeric(values))


def words_of(values: Sequence[Any], key: str) -> list[str]:
    """Values of a key, those that are no whole numbers with their points below each other."""
    known = [value for value in values if type(value) is float]
    if known and is_numeric(values):
        pointed = dict(zip(known, at_the_point(telling_figures(known)), strict=True))
        return ["-" if v is None else pointed[v] if v in pointed else show(v) for v in values]
    texts: dict[tuple[type, Any], str] = {}  # of thousands of values few are different
    for value in values:
        if (type(value), value) not in texts:
            text = _level(str(value)) if key == "impl" else show(value)
            texts[type(value), value] = "-" if value is None else shown(text)
    return [texts[type(value), value] for value in values]


def _level(name: str) -> str:
    """A level of the user's own without the folders of its file."""
    place, colon, found = name.rpartition(":")
    return f"{Path(place).name}:{found}" if colon else name


def comparison_cells(comparison: Comparison) -> tuple[list[str], list[list[str]], frozenset[str]]:
    """Header, formatted rows, and the names of the columns of numbers."""
    columns = comparison_columns(comparison, fitted=False)
    rows = [list(row) for row in zip(*(column.texts for column in columns), strict=True)]
    return (
        [column.title for column in columns],
        [[cell.strip() for cell in row] for row in rows],
        frozenset(column.title for column in columns if column.is_right),
    )


def csv_text(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> str:
    """Rows as CSV: a header, and nothing in the place of what is missing."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if row[name] is None else show(row[name]) for name in columns])
    return out.getvalue()


def _csv(comparison: Comparison) -> str:
    return csv_text([name for name in comparison.columns if name != "curve"], comparison.rows())


def _json(comparison: Comparison) -> str:
    return json_text(comparison.rows())


def _markdown(comparison: Comparison) -> str:
    return markdown_table(*comparison_cells(comparison))


COMPARISON_FORMATS: dict[str, Callable[[Comparison], str]] = {
    "table": _table,
    "json": _json,
    "csv": _csv,
    "markdown": _markdown,
}
