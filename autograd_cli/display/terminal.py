"""The terminal that a result goes to: how wide it is, whether it takes colours, and how text fits there."""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograd_cli.display.text import cells, shown

# Narrower, a column of prose would be a word a line; it then goes below what it belongs to.
_PROSE_MIN = 28

# What a piece of text looks like, as the numbers that switch it on. The colours are the terminal's own.
_STYLES = {
    "title": "1",
    "faint": "2",
    "header": "1",
    "keyword": "35",
    "string": "32",
    "comment": "2;3",
    "number": "36",
    "name": "1;34",
    "builtin": "36",
    "decorator": "33",
    "removed": "31",
    "added": "32",
    "removed mark": "31;7",
    "added mark": "32;7",
}


@dataclass(frozen=True)
class Terminal:
    """Where text goes.

    Attributes:
        columns: cells in a line; None for a pipe or a file, where a line is as long as it is.
        coloured: whether colours may be used.

    """

    columns: int | None = None
    coloured: bool = False

    @classmethod
    def of_stdout(cls) -> "Terminal":
        """What is behind stdout, with the wishes that NO_COLOR, TERM and COLUMNS express."""
        if not sys.stdout.isatty():
            return cls()
        coloured = not os.environ.get("NO_COLOR") and os.environ.get("TERM") not in ("dumb", "unknown")
        return cls(max(shutil.get_terminal_size().columns, 20), coloured)

    def paint(self, style: str, text: str) -> str:
        """`text` in a style, where there are colours."""
        code = _STYLES.get(style)
        return f"\x1b[{code}m{text}\x1b[0m" if code and text and self.coloured else text

    def prose(self, text: str, indent: str = "") -> str:
        """A paragraph in lines that break between words."""
        width = self.columns or sys.maxsize
        lines = textwrap.wrap(shown(" ".join(text.split())), width - len(indent), break_on_hyphens=False)
        return "".join(f"{indent}{line}\n" for line in lines)

    def table(
        self,
        header: Sequence[str],
        rows: Iterable[Sequence[str]],
        *,
        right: frozenset[str] = frozenset(),
        indent: str = "  ",
    ) -> str:
        """Columns of text; the last is prose, which takes several lines where the terminal is narrow."""
        body = [[shown(cell) for cell in row] for row in rows]
        widths = [max(map(cells, column)) for column in zip(header, *body, strict=True)][:-1]
        start = len(indent) + sum(width + 2 for width in widths)
        room = (self.columns or sys.maxsize) - start
        below = room < _PROSE_MIN and any(len(row[-1]) > room for row in body)
        lines = []
        for number, row in enumerate([list(header), *body]):
            first = indent + "".join(
                (" " * (width - cells(cell)) + cell if name in right else cell + " " * (width - cells(cell)))
                + "  "
                for name, cell, width in zip(header, row[:-1], widths, strict=False)
            )
            if below:
                lines += [first.rstrip()]
                if number:
                    lines += self.prose(row[-1], f"{indent}    ").splitlines()
            else:
                prose = textwrap.wrap(row[-1], max(room, 1), break_on_hyphens=False) or [""]
                lines += [(first + prose[0]).rstrip(), *(" " * start + line for line in prose[1:])]
            if not number:
                lines = [self.paint("header", line) for line in lines]
        return "".join(f"{line}\n" for line in lines)
