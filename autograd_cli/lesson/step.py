"""What a step from one level to another changes, part by part and line by line."""

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest

from autograd_cli.lesson.level import PARTS, Lesson, Part
from autograd_cli.lesson.source import lines_of

Marks = tuple[tuple[int, int], ...]  # pieces of a line, each from its first character to behind its last

# Two parts of more lines than this squared are compared without a search for similar lines.
_SIMILAR_LINES_MAX = 400


@dataclass(frozen=True)
class Row:
    """A line of the lower level beside one of the upper; None where one of them has none.

    Attributes:
        left, right: the two lines.
        left_marks, right_marks: which pieces of two similar lines differ.

    """

    left: str | None
    right: str | None
    left_marks: Marks = ()
    right_marks: Marks = ()

    @property
    def is_same(self) -> bool:
        """Whether the step leaves the line as it is."""
        return self.left == self.right


@dataclass(frozen=True)
class Change:
    """What becomes of one part.

    Attributes:
        lower, upper: the part in the two levels.
        rows: its lines, those of the lower level beside those of the upper.

    """

    lower: Part
    upper: Part
    rows: list[Row] = field(repr=False)

    @property
    def name(self) -> str:
        """The part's name."""
        return self.lower.name

    @property
    def is_none(self) -> bool:
        """Whether nothing changes."""
        return all(row.is_same for row in self.rows)

    @property
    def removed(self) -> int:
        """Lines of the lower level, of any kind, that the upper one lacks or has otherwise."""
        return sum(row.left is not None and not row.is_same for row in self.rows)

    @property
    def added(self) -> int:
        """Lines of the upper level, of any kind, that the lower one lacks or has otherwise."""
        return sum(row.right is not None and not row.is_same for row in self.rows)


@dataclass(frozen=True)
class Step:
    """The step from a level to another.

    Attributes:
        lower, upper: the two levels.

    """

    lower: Lesson
    upper: Lesson

    @cached_property
    def changes(self) -> list[Change]:
        """Each part that one of the two has, changed or not."""
        found = []
        for name in PARTS:
            lower, upper = self.lower.parts[name], self.upper.parts[name]
            if lower.text or upper.text:
                found.append(Change(lower, upper, compare_lines(_lines(lower), _lines(upper))))
        return found

    def unified(self) -> list[str]:
        """The whole files as a unified diff that `patch` takes, each hunk with the part that it begins in."""
        lines = difflib.unified_diff(
            lines_of(self.lower.text),
            lines_of(self.upper.text),
            self.lower.path or self.lower.spec.name,
            self.upper.path or self.upper.spec.name,
            lineterm="",
        )
        return [self._with_part(line) if line.startswith("@@ ") else line for line in lines]

    def _with_part(self, header: str) -> str:
        """`@@ -28,9 +20,6 @@ backward`."""
        found = re.match(r"@@ -\d+(?:,\d+)? \+(\d+)", header)
        assert found
        first_line = int(found[1]) + 2  # three lines of context, mostly
        begun = [part for part in self.upper.parts.values() if part.base is None and part.first_line]
        part = max((one for one in begun if one.first_line <= first_line), key=_first_line, default=None)
        return f"{header} {part.name}" if part else header


def compare_lines(lower: Sequence[str], upper: Sequence[str]) -> list[Row]:
    """The lines of two texts beside each other: what is the same, what is similar, and the rest."""
    if len(lower) * len(upper) > _SIMILAR_LINES_MAX**2:
        return list(_rows_of_blocks(lower, upper))
    return list(_rows(difflib.ndiff(lower, upper, linejunk=None, charjunk=None)))


def _rows(lines: Iterable[str]) -> Iterator[Row]:
    """The rows that the lines of `ndiff` mean: `- old`, `? ^`, `+ new`, `? ^`, or `  the same`."""
    removed: list[str] = []
    added: list[str] = []
    told = list(lines)
    i = 0
    while i < len(told):
        sign, text = told[i][:2], told[i][2:]
        pair = _pair(told[i : i + 4])
        if sign == "  " or pair:
            yield from _beside(removed, added)
            removed, added = [], []
        if pair:
            yield pair[0]
            i += pair[1]
            continue
        if sign == "  ":
            yield Row(text, text)
        elif sign == "- ":
            removed.append(text)
        elif sign == "+ ":
            added.append(text)
        i += 1
    yield from _beside(removed, added)


def _pair(told: Sequence[str]) -> tuple[Row, int] | None:
    """The row of two similar lines that begins here, and how many lines of `ndiff` it takes."""
    signs, left = "".join(line[0] for line in told), told[0][2:]
    if signs.startswith("-?+?"):
        return Row(left, told[2][2:], _marks(told[1], left), _marks(told[3], told[2][2:])), 4
    if signs.startswith("-?+"):
        return Row(left, told[2][2:], _marks(told[1], left), ()), 3
    if signs.startswith("-+?"):
        return Row(left, told[1][2:], (), _marks(told[2], told[1][2:])), 3
    return None


def _marks(guide: str, line: str) -> Marks:
    """What `guide` has a sign below, in whole words of `line`, for half a word tells a reader nothing."""
    signs = [at for at, sign in enumerate(guide[2:]) if sign in "-+^"]
    words = [found.span() for found in re.finditer(r"\w+|\W", line)]
    marked = [span for span in words if any(span[0] <= at < span[1] for at in signs)]
    joined: list[tuple[int, int]] = []
    for first, end in marked:
        if joined and joined[-1][1] == first:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((first, end))
    return tuple(joined)


def _rows_of_blocks(lower: Sequence[str], upper: Sequence[str]) -> Iterator[Row]:
    matcher = difflib.SequenceMatcher(None, lower, upper, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            yield from map(Row, lower[a:b], upper[c:d])
        else:
            yield from _beside(lower[a:b], upper[c:d])


def _beside(removed: Sequence[str], added: Sequence[str]) -> Iterator[Row]:
    return (Row(left, right) for left, right in zip_longest(removed, added))


def _lines(part: Part) -> list[str]:
    return lines_of(part.text)


def _first_line(part: Part) -> int:
    return part.first_line
