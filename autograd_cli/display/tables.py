"""Tables as text: aligned columns, CSV, JSON and Markdown; rich where a terminal is watching."""

import csv
import io
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from autograd_cli.compare.comparison import Comparison
from autograd_cli.contract.keys import show
from autograd_cli.contract.task import Task
from autograd_cli.display.terminal import Terminal
from autograd_cli.display.text import cells, duration, json_text, shown, sparkline

# Rich measures every cell; past some hundred rows the plain columns are there at once.
_RICH_ROWS = 300


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[str] = frozenset()) -> str:
    """Columns of text, two spaces apart, with the columns named in `right` set flush right."""
    rows = [[shown(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(cells, column)) for column in zip(*rows, strict=True)]
    sides = [name in right for name in header]
    lines = [
        "  ".join(
            " " * (width - cells(cell)) + cell if is_right else cell + " " * (width - cells(cell))
            for cell, is_right, width in zip(row, sides, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def rich_table(comparison: Comparison) -> str:
    """The comparison for a terminal: where its columns do not fit, what differs goes below the run's name."""
    from rich import box  # 60 ms that a pipe need not pay
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    header, rows, right = comparison_cells(comparison)
    console = Console()
    keys = comparison.keys
    rows = [[shown(cell) for cell in row] for row in rows]
    if max(map(cells, aligned(header, rows).splitlines())) > console.width:
        header = header[:2] + header[2 + len(keys) :]
        rows = [
            ["\n  ".join([row[0], *_pairs(keys, row[2:])]), *row[1:2], *row[2 + len(keys) :]] for row in rows
        ]
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=0, show_edge=False)
    for name, *column in zip(header, *rows, strict=True):
        side: Literal["left", "right"] = "right" if name in right else "left"
        # Only the run's cell and the titles may take several lines: half a number is a wrong number.
        least = 12 if name == "run" else max(map(cells, column))
        table.add_column(Text(shown(name)), justify=side, overflow="fold", min_width=least)
    for row in rows:
        table.add_row(Text(row[0]), *(Text(cell.replace(" ", "\N{NO-BREAK SPACE}")) for cell in row[1:]))
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def markdown_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[str] = frozenset()
) -> str:
    """The same columns as Markdown, in which no text ends a cell or begins a tag."""
    rule = ["---:" if name in right else "---" for name in header]
    first, *rest = [[_markdown_cell(cell) for cell in row] for row in (header, *rows)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (first, rule, *rest))


def _markdown_cell(text: str) -> str:
    return re.sub(r"(\\*)([|<])", r"\1\1\\\2", shown(text))


def _pairs(keys: Sequence[str], values: Sequence[str]) -> list[str]:
    """`lr=1e-06 N=64`, without the keys that a run does not have."""
    words = [f"{key}={value}" for key, value in zip(keys, values, strict=False) if value != "-"]
    return [" ".join(words)] if words else []


def levels_table(tasks: Sequence[Task]) -> str:
    """Every level of every task: what it teaches and where it runs."""
    terminal = Terminal.of_stdout()
    blocks = []
    for task in tasks:
        rows = [(level.name, " ".join(level.devices), level.teaches) for level in task.levels]
        blocks.append(
            terminal.paint("title", terminal.prose(f"{task.name}: {task.summary}").rstrip("\n"))
            + "\n"
            + terminal.table(("impl", "runs on", "teaches"), rows)
            + "".join(terminal.prose(f"no {name}: {reason}", "  ") for name, reason in task.absent.items())
        )
    return "\n".join(blocks)


def _table(comparison: Comparison) -> str:
    if sys.stdout.isatty() and len(comparison.records) <= _RICH_ROWS:
        return rich_table(comparison)
    return aligned(*comparison_cells(comparison))


def _markdown(comparison: Comparison) -> str:
    return markdown_table(*comparison_cells(comparison))


def _json(comparison: Comparison) -> str:
    rows = [comparison.row(record) for record in comparison.records]
    return json_text(rows)


def _csv(comparison: Comparison) -> str:
    columns = comparison.columns[:-1]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for record in comparison.records:
        row = comparison.row(record)
        writer.writerow("" if row[name] is None else show(row[name]) for name in columns)
    return out.getvalue()


COMPARISON_FORMATS: dict[str, Callable[[Comparison], str]] = {
    "table": _table,
    "json": _json,
    "csv": _csv,
    "markdown": _markdown,
}


def comparison_cells(comparison: Comparison) -> tuple[list[str], list[list[str]], frozenset[str]]:
    """Header, formatted rows, and the names of the columns of numbers."""
    header = comparison.columns
    values = [comparison.row(record) for record in comparison.records]
    rows = [[_cell(name, value) for name, value in row.items()] for row in values]
    titles = {"step_s": "time/step", "last_loss": "last loss", "best_loss": "best loss"}
    titles |= {"step_s_ratio": "time ratio", "last_loss_ratio": "last ratio", "best_loss_ratio": "best ratio"}
    names = [titles.get(name, name) for name in header]
    return (
        names,
        rows,
        frozenset(
            title
            for title, name in zip(names, header, strict=True)
            if is_numeric(row[name] for row in values)
        ),
    )


def is_numeric(values: Iterable[Any]) -> bool:
    """Whether a column holds numbers, or nothing, and so is set flush right."""
    return all(value is None or type(value) in (int, float) for value in values)


def _cell(name: str, value: Any) -> str:
    if name == "curve":
        return sparkline(value)
    if name == "step_s":
        return duration(value)
    if name.endswith("_ratio"):
        return "-" if value is None else f"{value:.4g}"
    if name in ("last_loss", "best_loss"):
        return "-" if value is None else f"{value:.5g}"
    return "-" if value is None else show(value)
