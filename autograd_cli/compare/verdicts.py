"""What is told of verdicts: of the many numbers in a report of `evo verify`, whether all is well, and why."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Judged:
    """What was found of a level.

    Attributes:
        passed: whether nothing was wrong.
        complaints: what was wrong, a line each.
        reach: what was compared, a line each.
        not_shown: what was not, a line each.
        tolerance: the largest relative difference that passed.

    """

    passed: bool
    complaints: tuple[str, ...] = ()
    reach: tuple[str, ...] = ()
    not_shown: tuple[str, ...] = ()
    tolerance: float | None = None


def judged(verdicts: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], Judged]:
    """The verdicts of a report by task and level; what a row lacks, or has in another type, is left out."""
    return {(str(row.get("task")), str(row.get("impl"))): _judged(row) for row in verdicts}


def _judged(row: Mapping[str, Any]) -> Judged:
    lists = [row.get(name) for name in ("complaints", "reach", "not_shown")]
    complaints, reach, not_shown = (tuple(map(str, one)) if isinstance(one, list) else () for one in lists)
    tolerance = row.get("tolerance")
    known = isinstance(tolerance, int | float) and not isinstance(tolerance, bool)
    return Judged(row.get("passed") is True, complaints, reach, not_shown, tolerance if known else None)
