"""The last loss over two keys, for a heat map."""

from collections.abc import Sequence
from dataclasses import dataclass

from autograd_cli.compare.comparison import Comparison
from autograd_cli.compare.curves import short, title_of
from autograd_cli.compare.fields import sort_key, value_of
from autograd_cli.compare.groups import members
from autograd_cli.contract.keys import Value
from autograd_cli.runs.record import RunRecord


@dataclass(frozen=True)
class Cell:
    """The runs of one pair of values.

    Attributes:
        mean: mean of the last losses of those that did not diverge; None without any.
        runs: how many runs there are.
        diverged: how many of them diverged.

    """

    mean: float | None
    runs: int
    diverged: int


@dataclass(frozen=True)
class Grid:
    """Last losses by the values of two keys.

    Attributes:
        title: what is shown.
        x_name, y_name: the keys.
        x_values, y_values: their values as text, numbers by size before words.
        cells: by place along x and y; pairs without a run are missing.
        caption: what a cell is the mean of, if of several runs; empty otherwise.

    """

    title: str
    x_name: str
    y_name: str
    x_values: list[str]
    y_values: list[str]
    cells: dict[tuple[int, int], Cell]
    caption: str

    def mean(self, place: tuple[int, int]) -> float | None:
        """The mean at a place; None where no run is, or all have diverged."""
        cell = self.cells.get(place)
        return None if cell is None else cell.mean

    @property
    def best(self) -> tuple[int, int] | None:
        """Where the smallest mean is."""
        known = [(cell.mean, place) for place, cell in self.cells.items() if cell.mean is not None]
        return min(known)[1] if known else None


def grid_of(comparison: Comparison, x: str, y: str) -> tuple[Grid, int]:
    """The grid, and how many runs have not come to their end, and are left out."""
    found = members(comparison, [x, y], None)
    rows = [record for records in found.runs.values() for record in records]
    columns = [_ordered({value_of(record, key) for record in rows}) for key in (x, y)]
    runs: dict[tuple[int, int], list[RunRecord]] = {}
    for (x_value, y_value, *_), records in found.runs.items():
        runs.setdefault((columns[0].index(x_value), columns[1].index(y_value)), []).extend(records)
    cells = {place: _cell(records) for place, records in runs.items()}
    others = [key for key in comparison.differing if key not in (x, y, "print_every")]
    most = max((cell.runs for cell in cells.values()), default=0)
    caption = f"a cell is the mean of up to {most} runs over {', '.join(others)}" if most > 1 else ""
    title = title_of("last loss", comparison.records, [x, y], word="over")
    texts = [[short(key, value) for value in values] for key, values in zip((x, y), columns, strict=True)]
    return Grid(title, x, y, texts[0], texts[1], cells, caption), found.left_out


def _cell(records: Sequence[RunRecord]) -> Cell:
    calm = [r.last_loss for r in records if r.last_loss is not None and r.diverged_step is None]
    gone = sum(record.diverged_step is not None for record in records)
    return Cell(sum(calm) / len(calm) if calm else None, len(records), gone)


def _ordered(values: set[Value]) -> Sequence[Value]:
    return sorted(values, key=sort_key)
