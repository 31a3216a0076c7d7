"""Groups of runs as text: aligned columns, JSON, CSV and Markdown."""

import csv
import io
from collections.abc import Callable
from typing import Any

from autograd_cli.compare.groups import Group, Grouping
from autograd_cli.contract.keys import show
from autograd_cli.display.tables import aligned, is_numeric, markdown_table
from autograd_cli.display.text import json_text, number


def _table(grouping: Grouping) -> str:
    return aligned(*grouping_cells(grouping))


def _markdown(grouping: Grouping) -> str:
    return markdown_table(*grouping_cells(grouping))


def _json(grouping: Grouping) -> str:
    return json_text([grouping.row(group) for group in grouping.groups])


def _csv(grouping: Grouping) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(grouping.columns)
    for group in grouping.groups:
        row = grouping.row(group)
        writer.writerow("" if row[name] is None else show(row[name]) for name in grouping.columns)
    return out.getvalue()


GROUPING_FORMATS: dict[str, Callable[[Grouping], str]] = {
    "table": _table,
    "json": _json,
    "csv": _csv,
    "markdown": _markdown,
}


def grouping_cells(grouping: Grouping) -> tuple[list[str], list[list[str]], frozenset[str]]:
    """Header, formatted rows, and the names of the columns of numbers."""
    header = [*grouping.keys, "runs", "diverged", "last loss", "best", "best run"]
    rows = [[*map(_cell, group.values), *_statistics(group)] for group in grouping.groups]
    numeric = {key for i, key in enumerate(grouping.keys) if is_numeric(g.values[i] for g in grouping.groups)}
    return header, rows, frozenset(numeric | {"runs", "diverged", "best"})


def _statistics(group: Group) -> list[str]:
    mean = number(group.mean) if group.std is None else f"{group.mean:.4g} ± {group.std:.2g}"
    return [str(group.runs), str(group.diverged), mean, number(group.best), group.best_run or "-"]


def _cell(value: Any) -> str:
    return "-" if value is None else show(value)
