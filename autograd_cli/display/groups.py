"""Groups of runs as text: aligned columns that fit the terminal, JSON, CSV and Markdown."""

import sys
from collections.abc import Callable
from shutil import get_terminal_size

from autograd_cli.compare.comparison import follows_task, kind_in
from autograd_cli.compare.groups import Grouping
from autograd_cli.contract.keys import Value
from autograd_cli.display.fitting import Column, cut, fit, lines_of, paragraph, short_names
from autograd_cli.display.runs import csv_text, words_of
from autograd_cli.display.tables import is_numeric, markdown_table
from autograd_cli.display.text import figures, in_one_unit, json_text, log_range, shown, sparkline


def _table(grouping: Grouping) -> str:
    return group_table(grouping, get_terminal_size().columns if sys.stdout.isatty() else None)


def group_table(grouping: Grouping, width: int | None) -> str:
    """A line a group: whole on a pipe, or in `width` cells."""
    columns = grouping_columns(grouping, fitted=width is not None)
    if width is None:
        return "\n".join(lines_of(columns)) + "\n"
    kept, out = fit(columns, width)
    lines = [cut(line, width) for line in lines_of(kept)]
    spans = _spans(grouping)
    above = ""
    if "curve" not in out and any(group.curve for group in grouping.groups):
        count = len(grouping.groups)
        above = f"{count} group{'s' * (count != 1)}; median curves on "
        low, high = spans[0]
        one = f"one log axis, from {low:.3g} to {high:.3g}"
        above += one if len(set(_kinds(grouping))) == 1 else "a log axis for each task and size"
    below = [f"… and {grouping.more} more groups, for --limit"] if grouping.more else []
    below += paragraph(f"no room for {', '.join(out)}" if out else "", width)
    return "\n".join([*paragraph(above, width), *([""] if above else []), *lines, *below]) + "\n"


def grouping_columns(grouping: Grouping, *, fitted: bool) -> list[Column]:
    """The columns of a table of groups: what they agree on, and what came of their runs."""
    groups = grouping.groups
    found = []
    for i, key in enumerate(grouping.keys):
        values = [group.values[i] for group in groups]
        # What the task says already makes room for the curve.
        weight = 6.5 if follows_task(key, _configs(grouping)) else 2
        found.append(Column(shown(key), words_of(values, key), is_numeric(values), weight=weight + i / 100))
    unit, times = in_one_unit([group.elapsed_s for group in groups])
    diverged = any(group.diverged for group in groups) or not fitted
    paths = [group.best_run or "-" for group in groups]
    inside = [path.rpartition("/")[2] or path for path in paths]
    names = short_names(inside) if fitted else list(map(shown, paths))
    return [
        *found,
        Column("runs", [str(group.runs) for group in groups], True, weight=1),
        *(
            [Column("diverged", [str(group.diverged) for group in groups], True, weight=3)]
            if diverged
            else []
        ),
        Column("last loss", _means(grouping), True),
        Column("median", figures([group.median for group in groups]), True, weight=5),
        Column("best", figures([group.best for group in groups]), True, weight=4),
        Column(
            "curve",
            [sparkline(g.curve, 16, span) for g, span in zip(groups, _spans(grouping), strict=True)],
            weight=6,
        ),
        Column(f"time {unit}", times, True, weight=7),
        Column("best run", names, weight=8),
    ]


def _configs(grouping: Grouping) -> list[dict[str, Value]]:
    """What is known of each group's configuration."""
    return [dict(zip(grouping.keys, group.values, strict=True)) for group in grouping.groups]


def _kinds(grouping: Grouping) -> list[tuple[Value, ...]]:
    return list(map(kind_in, _configs(grouping)))


def _spans(grouping: Grouping) -> list[tuple[float, float]]:
    """Each group's axis: one for those whose losses measure the same."""
    kinds = _kinds(grouping)
    curves: dict[tuple[Value, ...], list[list[float]]] = {}
    for kind, group in zip(kinds, grouping.groups, strict=True):
        curves.setdefault(kind, []).append(group.curve)
    spans = {kind: log_range(some) for kind, some in curves.items()}
    return [spans[kind] for kind in kinds]


def _means(grouping: Grouping) -> list[str]:
    """`254.83 ± 20.10`, mean and standard deviation in one form each."""
    groups = grouping.groups
    means, deviations = figures([g.mean for g in groups]), figures([g.std for g in groups], 3)
    width = max(map(len, deviations), default=0)
    return [
        f"{mean} ± {deviation:>{width}}" if deviation != "-" else f"{mean}   {'':>{width}}"
        for mean, deviation in zip(means, deviations, strict=True)
    ]


def grouping_cells(grouping: Grouping) -> tuple[list[str], list[list[str]], frozenset[str]]:
    """Header, formatted rows, and the names of the columns of numbers."""
    columns = grouping_columns(grouping, fitted=False)
    rows = [[cell.strip() for cell in row] for row in zip(*(column.texts for column in columns), strict=True)]
    right = frozenset(column.title for column in columns if column.is_right)
    return [column.title for column in columns], rows, right


def _markdown(grouping: Grouping) -> str:
    return markdown_table(*grouping_cells(grouping))


def _json(grouping: Grouping) -> str:
    return json_text([grouping.row(group) | {"curve": group.curve} for group in grouping.groups])


def _csv(grouping: Grouping) -> str:
    return csv_text(grouping.columns, map(grouping.row, grouping.groups))


GROUPING_FORMATS: dict[str, Callable[[Grouping], str]] = {
    "table": _table,
    "json": _json,
    "csv": _csv,
    "markdown": _markdown,
}
