"""Columns that fit a terminal: what matters least is left out, and named below."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from autograd_cli.display.text import all_cells, cells, shown

_GAP = "  "
# What a run's name ends in that was given none: eight digits that no other has.
_UNIQUE = re.compile(r"\d{8}T\d{6}Z-.*-([0-9a-f]{8})", re.DOTALL)


@dataclass
class Column:
    """A column of a table.

    Attributes:
        title: what stands above it.
        texts: its cells.
        is_right: whether it is flush right.
        weight: how soon it is left out: the heaviest first, and never one of weight 0.
        least: of a column of names, to how many cells they may be cut; 0 for one that is whole or not there.

    """

    title: str
    texts: list[str]
    is_right: bool = False
    weight: float = 0
    least: int = 0

    @property
    def width(self) -> int:
        """Cells that it takes."""
        return max(all_cells([self.title, *self.texts]))


def fit(columns: Sequence[Column], width: int) -> tuple[list[Column], list[str]]:
    """The columns that fit into `width` cells, and the titles of those that do not.

    Names are cut before a column is left out, though not below a third of the line.
    """
    whole = [column.width for column in columns]
    widths = list(whole)
    kept = list(range(len(columns)))

    def over() -> int:
        return sum(widths[i] for i in kept) + len(_GAP) * (len(kept) - 1) - width

    def cut_names(floor: int) -> None:
        for i in kept:
            if columns[i].least and over() > 0:
                widths[i] = min(widths[i], max(columns[i].least, floor, widths[i] - over()))

    cut_names(width // 3)
    while over() > 0 and (heavy := max(kept, key=lambda i: columns[i].weight)) and columns[heavy].weight > 0:
        kept.remove(heavy)
    cut_names(0)
    found = [
        replace(columns[i], texts=[cut(text, widths[i]) for text in columns[i].texts])
        if widths[i] < whole[i]
        else columns[i]
        for i in kept
    ]
    return found, [column.title for i, column in enumerate(columns) if i not in kept]


def lines_of(columns: Sequence[Column]) -> list[str]:
    """The header and the rows."""
    padded = []
    for column in columns:
        texts = [column.title, *column.texts]
        widths = all_cells(texts)
        width = max(widths)
        blanks = [" " * (width - one) for one in widths]
        pairs = zip(blanks, texts, strict=True) if column.is_right else zip(texts, blanks, strict=True)
        padded.append([one + other for one, other in pairs])
    return [_GAP.join(row).rstrip() for row in zip(*padded, strict=True)]


def paragraph(text: str, width: int) -> list[str]:
    """Words in lines of at most `width` cells, all but the first a little further in."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line.strip() else line + word
        if line.strip() and cells(longer) > width:
            lines.append(line)
            longer = f"  {word}"
        line = cut(longer, width)
    return [*lines, line] if line.strip() else lines


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells, `…` for what is missing in its middle."""
    if cells(text) <= width:
        return text
    front, back = text[: max((width - 1) // 2, 0)], text[-width:]
    while back and cells(front) + 1 + cells(back) > width:
        back = back[1:]
    return f"{front}…{back}"


def short_names(names: Sequence[str]) -> list[str]:
    """Names cut to what tells them apart.

    Of a name made of time, task, level and seed the eight digits at its end are left; of others, what all of
    them begin and end with is `…`, from one `-`, `_` or `.` to another.
    """
    found = [match[1] if (match := _UNIQUE.fullmatch(name)) else name for name in names]
    own = [name for name, short in zip(names, found, strict=True) if name == short]
    if len(own) > 1:
        front = _shared(own)
        back = _shared([name[front:][::-1] for name in own])
        found = [
            _without(name, front, back) if name == short else short
            for name, short in zip(names, found, strict=True)
        ]
    is_telling = len(set(found)) == len(set(names))
    return [shown(name) for name in (found if is_telling else names)]


def _shared(names: Sequence[str]) -> int:
    """How many characters all names begin with, up to and with the last separator."""
    first, last = min(names), max(names)
    pairs = enumerate(zip(first, last, strict=False))
    count = next((i for i, (a, b) in pairs if a != b), min(len(first), len(last)))
    return 1 + max(first.rfind(separator, 0, count) for separator in "-_./")


def _without(name: str, front: int, back: int) -> str:
    """The name without what it shares, where more than a few cells are saved."""
    head = "…" if front > 3 else name[:front]
    tail = "…" if back > 3 else name[len(name) - back :]
    return head + name[front : len(name) - back] + tail
