"""Tables as text: aligned columns and Markdown."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from autograd_cli.contract.task import LevelSpec, Task
from autograd_cli.display.terminal import Terminal
from autograd_cli.display.text import cells, shown

_NUMBERS = frozenset({int, float, type(None)})


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


def markdown_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], right: frozenset[str] = frozenset()
) -> str:
    """The same columns as Markdown, in which no text ends a cell or begins a tag."""
    rule = ["---:" if name in right else "---" for name in header]
    first, *rest = [[_markdown_cell(cell) for cell in row] for row in (header, *rows)]
    return "".join(f"| {' | '.join(row)} |\n" for row in (first, rule, *rest))


def _markdown_cell(text: str) -> str:
    return re.sub(r"(\\*)([|<])", r"\1\1\\\2", shown(text))


def levels_table(tasks: Sequence[Task]) -> str:
    """Every level of every task: what it teaches and where it runs."""
    terminal = Terminal.of_stdout()
    blocks = []
    for task in tasks:
        rows = [(level.name, " ".join(level.devices), _teaches(level)) for level in task.levels]
        blocks.append(
            terminal.paint("title", terminal.prose(f"{task.name}: {task.summary}").rstrip("\n"))
            + "\n"
            + terminal.table(("impl", "runs on", "teaches"), rows)
            + "".join(terminal.prose(f"no {name}: {reason}", "  ") for name, reason in task.absent.items())
        )
    return "\n".join(blocks)


def _teaches(level: LevelSpec) -> str:
    needs = f"extra {level.extra}" if level.extra else "a C++ compiler" if level.compiles else None
    return f"{level.teaches} (needs {needs})" if needs else level.teaches


def is_numeric(values: Iterable[Any]) -> bool:
    """Whether a column holds numbers, or nothing, and so is set flush right."""
    return _NUMBERS.issuperset(map(type, values))
