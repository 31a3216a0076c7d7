"""Pictures of dots for a terminal: curves, bands and marks between two axes, with labels beside them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from shutil import get_terminal_size
from textwrap import wrap
from typing import TYPE_CHECKING

from plotille import Canvas

from autograd_cli.compare.curves import Band, Curve, Curves
from autograd_cli.compare.grid import Grid
from autograd_cli.display.lines import Line, Span, joined
from autograd_cli.display.scales import (
    Scale,
    Ticks,
    compact,
    key_scale,
    linear_scale,
    loss_scale,
    spread,
    step_scale,
)
from autograd_cli.display.text import cells, shown
from autograd_cli.display.theme import LIGHT, colour_of, dash_of

if TYPE_CHECKING:
    from autograd_cli.predict.fit import Fit  # imports NumPy, which curves do not need

# What a cell of the terminal is made of: two dots side by side, four above each other.
_ACROSS, _DOWN = 2, 4
_EMPTY = "\u2800"
_DIM = LIGHT.dim
_LEAST_WIDE = 24  # columns of a plot that still shows a shape
_WIDEST, _HIGHEST = 160, 30


def room() -> tuple[int, int]:
    """Columns and lines of a picture that leaves the terminal a few lines: 80 and 18 on a pipe."""
    columns, lines = get_terminal_size((80, 24))
    return min(columns, _WIDEST), max(min(lines - 6, _HIGHEST), 8)


# --- curves --------------------------------------------------------------------------------------------


@dataclass
class DotPlot:
    """A plot of dots, on which the last that is drawn into a cell has its colour.

    Attributes:
        width, height: cells.
        x, y: the axes.

    """

    width: int
    height: int
    x: Scale
    y: Scale
    _layers: list[tuple[list[str], str | None]] = field(default_factory=list)
    _marks: dict[tuple[int, int], Span] = field(default_factory=dict)

    def dot(self, x: float, y: float) -> tuple[float, float]:
        """The dot of two values, counted from the lower left one."""
        across, up = self.width * _ACROSS - 1, self.height * _DOWN - 1
        return (
            (self.x.place(x) - self.x.low) / (self.x.high - self.x.low) * across,
            (self.y.place(y) - self.y.low) / (self.y.high - self.y.low) * up,
        )

    def row(self, y: float) -> float:
        """The row of a value, counted from above; not rounded."""
        return self.height - 1 - (self.dot(self.x.low, y)[1] - (_DOWN - 1) / 2) / _DOWN

    def line(
        self, x: Sequence[float], y: Sequence[float], colour: str | None, dash: Sequence[float] = ()
    ) -> None:
        """Draw a line through points."""
        canvas = self._canvas()
        dots = [self.dot(*point) for point in zip(x, y, strict=True)]
        period = sum(dash)
        if len(dots) == 1:
            canvas.point(*dots[0])
        for (x0, y0), (x1, y1) in pairwise(dots):
            if not period:
                canvas.line(x0, y0, x1, y1)
                continue
            pieces = max(int(abs(x1 - x0)), 1)
            for i in range(pieces):
                start, end = i / pieces, (i + 1) / pieces
                if _is_on(x0 + (x1 - x0) * start, dash, period):
                    canvas.line(
                        x0 + (x1 - x0) * start,
                        y0 + (y1 - y0) * start,
                        x0 + (x1 - x0) * end,
                        y0 + (y1 - y0) * end,
                    )
        self._add(canvas, colour)

    def points(self, x: Sequence[float], y: Sequence[float], colour: str | None) -> None:
        """Draw points alone."""
        canvas = self._canvas()
        for point in zip(x, y, strict=True):
            canvas.point(*self.dot(*point))
        self._add(canvas, colour)

    def shade(self, band: Band, colour: str | None, apart: int) -> None:
        """Draw every `apart`-th dot between two curves, in slanting rows."""
        canvas = self._canvas()
        low = [self.dot(*point) for point in zip(band.x, band.low, strict=True)]
        high = [self.dot(*point) for point in zip(band.x, band.high, strict=True)]
        edges: dict[int, tuple[float, float]] = {}
        for ((x0, low0), (x1, low1)), ((_, high0), (_, high1)) in zip(
            pairwise(low), pairwise(high), strict=True
        ):
            for column in range(round(x0), round(x1) + 1):
                share = (column - x0) / (x1 - x0) if x1 > x0 else 0.0
                share = min(max(share, 0.0), 1.0)
                edges[column] = low0 + (low1 - low0) * share, high0 + (high1 - high0) * share
        for column, (bottom, top) in edges.items():
            for up in range(round(bottom), round(top) + 1):
                if (column + 2 * up) % apart == 0:
                    canvas.point(column, up)
        self._add(canvas, colour)

    def mark(self, x: float, y: float, sign: str, colour: str | None) -> None:
        """Put a sign into the cell of two values."""
        across, up = self.dot(x, y)
        self._marks[int(across) // _ACROSS, self.height - 1 - int(up) // _DOWN] = Span(sign, colour, True)

    def rows(self) -> list[Line]:
        """The plot, from above."""
        return [
            joined([self._cell(column, row) for column in range(self.width)]) for row in range(self.height)
        ]

    def _cell(self, column: int, row: int) -> Span:
        if (column, row) in self._marks:
            return self._marks[column, row]
        for drawn, colour in reversed(self._layers):
            if drawn[row][column] != _EMPTY:
                return Span(drawn[row][column], colour)
        return Span(" ")

    def _canvas(self) -> Canvas:
        across, up = self.width * _ACROSS, self.height * _DOWN
        return Canvas(self.width, self.height, 0, 0, across, up)

    def _add(self, canvas: Canvas, colour: str | None) -> None:
        self._layers.append((canvas.plot(linesep="\n").split("\n"), colour))


def _is_on(at: float, dash: Sequence[float], period: float) -> bool:
    at %= period
    for i, length in enumerate(dash):
        if at < length:
            return i % 2 == 0
        at -= length
    return False


@dataclass(frozen=True)
class Label:
    """What stands beside the end of a line: its text, its colour, its dashes and the row it belongs to."""

    text: str
    colour: str | None
    dash: tuple[float, ...]
    row: float


def curves_chart(picture: Curves, width: int, height: int) -> list[Line]:
    """Curves in `width` columns, of which the plot itself has `height` lines."""
    y = loss_scale(losses_of(picture))
    x = x_scale(picture)
    plot, left, right = _laid_out(x, y, width, height, _texts(picture))
    for band, apart in zip(picture.bands, (5, 3), strict=False):
        plot.shade(band, _DIM, apart)
    for curve in picture.faint:
        plot.line(curve.x, curve.y, _DIM)
    for i, curve in enumerate(picture.lines):
        if curve.low:
            plot.shade(Band("", curve.x, curve.low, curve.high), colour_of(i), 5)
    for i, curve in reversed(list(enumerate(picture.lines))):
        plot.line(curve.x, curve.y, colour_of(i), dash_of(i))
    for i, curve in enumerate([*picture.faint, *picture.lines]):
        own = i - len(picture.faint)
        colour = colour_of(own) if own >= 0 else _DIM
        for place in curve.marks:
            plot.mark(*place, "×", colour)
        if picture.has_points:
            for place in zip(curve.x, curve.y, strict=True):
                plot.mark(*place, "•", colour)
    labels = [
        Label(text, colour_of(i), dash_of(i), plot.row(_end_of(picture.lines[i])))
        for i, text in enumerate(_texts(picture))
    ]
    log = ", log scale" if y.is_log else ""
    return [
        *_title(picture.title, width),
        [Span(f"{picture.y_name}{log}", _DIM)],
        *_framed(plot, left, right, labels),
        *_x_axis(plot, left, picture.x_name + (", log scale" if x.is_log else "")),
        *([] if right else _legend(labels, width)),
        *_caption(picture.caption, width),
    ]


def curve_chart(x: Sequence[float], y: Sequence[float], width: int, height: int) -> list[Line]:
    """One curve of losses with its axes, and nothing else."""
    plot, left, _ = _laid_out(step_scale(x), loss_scale(y), width, height, [])
    plot.line(x, y, colour_of(0))
    rule, texts, _ = _x_axis(plot, left, "")
    return [*_framed(plot, left, 0, []), rule, texts]


def losses_of(picture: Curves) -> list[float]:
    """Every loss that the picture has to have room for."""
    curves = [*picture.lines, *picture.faint]
    values = [value for curve in curves for part in (curve.y, curve.low, curve.high) for value in part]
    return values + [value for band in picture.bands for part in (band.low, band.high) for value in part]


def x_scale(picture: Curves) -> Scale:
    """The axis of what lies along x."""
    curves = [*picture.lines, *picture.faint]
    values = [value for curve in curves for value in (*curve.x, *(x for x, _ in curve.marks))]
    values += [value for band in picture.bands for value in band.x]
    return step_scale(values) if picture.x_name == "step" else key_scale(values, picture.x_values)


def _texts(picture: Curves) -> list[str]:
    """What stands beside the lines; nothing beside a single one, of which the title says all."""
    texts = [shown(curve.text) for curve in picture.lines]
    return texts if len(texts) > 1 or any(curve.note for curve in picture.lines) else []


def _end_of(curve: Curve) -> float:
    """The loss beside which the curve's label belongs."""
    return curve.y[-1] if curve.y else curve.marks[-1][1]


def _laid_out(
    x: Scale, y: Scale, width: int, height: int, labels: Sequence[str]
) -> tuple[DotPlot, list[str], int]:
    """The plot, what stands left of each of its rows, and how many columns are right of it, for labels."""
    texts = [text for _, text in y.ticks(height // 3)]
    gutter = max(map(len, texts), default=0)
    longest = max(map(cells, labels), default=0) + 1 if labels else 0
    right = longest if longest <= 0.42 * width and width - gutter - 2 - longest >= _LEAST_WIDE else 0
    plot = DotPlot(max(width - gutter - 2 - right, 8), height, x, y)
    left = [f"{'':>{gutter}} │"] * height
    for place, text in y.ticks(height // 3):
        row = round(plot.row(_value_at(y, place)))
        if 0 <= row < height:
            left[row] = f"{text:>{gutter}} ┤"
    return plot, left, right


def _value_at(scale: Scale, place: float) -> float:
    if not scale.is_log:
        return place
    return 0.0 if place == scale.zero else 10.0 ** min(place, 308.0)


def _framed(plot: DotPlot, left: Sequence[str], right: int, labels: Sequence[Label]) -> list[Line]:
    lines = [[Span(edge, _DIM), *row] for edge, row in zip(left, plot.rows(), strict=True)]
    if right:
        rows = spread([label.row for label in labels], 1, 0, plot.height - 1)
        for label, row in zip(labels, rows, strict=True):
            at = min(max(int(row + 0.5), 0), plot.height - 1)
            lines[at].append(Span(f" {label.text}", label.colour))
    return lines


def _x_axis(plot: DotPlot, left: Sequence[str], name: str) -> list[Line]:
    gutter = len(left[0]) - 1
    rule, texts = ["─"] * plot.width, [" "] * (plot.width + gutter)
    free = 0
    for place, text in _wide_enough(plot.x, plot.width):
        share = (place - plot.x.low) / (plot.x.high - plot.x.low)
        column = round(share * (plot.width - 1))
        start = min(max(gutter + column - len(text) // 2 + 1, 0), plot.width + gutter - len(text))
        rule[column] = "┬"
        if start >= free:
            texts[start : start + len(text)] = text
            free = start + len(text) + 1
    return [
        [Span(f"{'':>{gutter}}└{''.join(rule)}", _DIM)],
        [Span("".join(texts), _DIM)],
        [Span(f"{'':>{gutter}} {name:^{plot.width}}", _DIM)],
    ]


def _wide_enough(scale: Scale, width: int) -> Ticks:
    """Ticks whose texts have room beside each other."""
    longest = max(map(len, scale.names), default=6) + 2
    return [(place, shown(text)) for place, text in scale.ticks(max(width // longest, 2))]


def _title(text: str, width: int) -> list[Line]:
    return [[Span(line, None, True)] for line in wrap(shown(text), max(width, 20)) or [""]]


def _caption(text: str, width: int) -> list[Line]:
    return [[Span(line, _DIM)] for line in wrap(shown(text), max(width, 20))]


def _legend(labels: Sequence[Label], width: int) -> list[Line]:
    """A line each, with a sample: for a plot beside which labels have no room."""
    return [
        [Span(f"{sample(label.dash)} {label.text}"[:width], label.colour)] for label in labels if label.text
    ]


def sample(dash: Sequence[float]) -> str:
    """Four cells of a line with these dashes."""
    dots = [not dash or _is_on(at, dash, sum(dash)) for at in range(4 * _ACROSS)]
    pairs = zip(dots[::2], dots[1::2], strict=True)
    return "".join(chr(0x2800 + 0x02 * first + 0x10 * second) for first, second in pairs)


# --- fits ----------------------------------------------------------------------------------------------


def fit_chart(
    fits: "Sequence[Fit]", width: int, height: int, asked: Sequence[tuple[float, float]] = ()
) -> list[Line]:
    """Data, what was fitted to them, with a dot at each point of `asked`, and below it what is left."""
    high = max(height * 2 // 3, 5)
    labels = ["data", *(shown(fit.label) for fit in fits)] if len(fits) > 1 else ["data", "fit"]
    x = linear_scale([*(value for fit in fits for value in fit.x), *(x for x, _ in asked)])
    heights = [value for fit in fits for value in (*fit.y, *fit.fitted)]
    upper = linear_scale(heights + [y for _, y in asked])
    lower = linear_scale([value for fit in fits for value in (*fit.residual, 0.0)])
    plot, left, right = _laid_out(x, upper, width, high, labels)
    below, left_below, _ = _laid_out(x, lower, width, max(height - high, 4), labels)
    gutter = max(len(left[0]), len(left_below[0]))
    left, left_below = ([edge.rjust(gutter) for edge in edges] for edges in (left, left_below))
    plot.width = below.width = max(width - gutter - right, 8)
    plot.points(fits[0].x, fits[0].y, None)
    ends = [Label("data", None, (0.5, 1.5), plot.row(fits[0].y[-1]))]
    below.line([x.low, x.high], [0.0, 0.0], _DIM, (1.0, 3.0))
    for i, fit in enumerate(fits):
        plot.line(fit.x, fit.fitted, colour_of(i), dash_of(i))
        below.line(fit.x, fit.residual, colour_of(i), dash_of(i))
        for point in asked:
            plot.mark(*point, "●", colour_of(1))
        ends.append(Label(labels[i + 1], colour_of(i), dash_of(i), plot.row(fit.fitted[-1])))
    return [
        *_title(fit_title(fits), width),
        [Span("y", _DIM)],
        *_framed(plot, left, right, ends),
        [Span("y - fit", _DIM)],
        *_framed(below, left_below, 0, []),
        *_x_axis(below, left_below, fits[0].x_name),
        *([] if right else _legend(ends, width)),
        *[
            line
            for fit in fits
            for line in _caption(fit.formula if len(fits) == 1 else f"{fit.label}: {fit.formula}", width)
        ],
        *_caption(fits[0].note, width),
    ]


def fit_title(fits: "Sequence[Fit]") -> str:
    """The task, and the level of a single run."""
    return f"fit of {fits[0].task}" + (f" / {fits[0].impl}" if len(fits) == 1 else "")


# --- heat maps -----------------------------------------------------------------------------------------


def grid_chart(grid: Grid, width: int, _height: int) -> list[Line]:
    """A cell for each pair of values, with its loss where there is room; the best is in brackets."""
    place = heat_scale(grid)
    names = [shown(name) for name in grid.y_values]
    gutter = max([*map(cells, names), cells(grid.y_name)]) + 1
    texts = {at: "×" if cell.mean is None else compact(cell.mean) for at, cell in grid.cells.items()}
    columns = len(grid.x_values)
    wide = max([*map(len, texts.values()), *map(cells, grid.x_values)]) + 3
    has_numbers = gutter + columns * wide <= width
    if not has_numbers:
        wide = max(min((width - gutter) // columns, 4), 1)
    lines = _title(grid.title, width)
    lines.append(
        [Span(f"{shown(grid.y_name):>{gutter - 1}} ", _DIM), Span(_header(grid, wide, has_numbers), _DIM)]
    )
    for j in reversed(range(len(names))):
        line = [Span(f"{names[j]:>{gutter - 1}} ", _DIM)]
        for i in range(columns):
            text = texts.get((i, j), "")
            if not has_numbers:
                text = "" if text not in ("", "×") else text or "·"
                text = text or _SHADES[round(_share(grid, place, (i, j)) * (len(_SHADES) - 1))] * min(wide, 2)
            if (i, j) == grid.best:
                text = f"[{text}]" if has_numbers else "★"
            line.append(Span(f"{text:^{wide}}", _heat(grid, place, (i, j)), (i, j) == grid.best))
        lines.append(line)
    lines.append([Span(f"{'':>{gutter}}{shown(grid.x_name):^{columns * wide}}", _DIM)])
    best = grid.best
    if best is not None and (mean := grid.cells[best].mean) is not None:
        where = f"{grid.x_name}={grid.x_values[best[0]]} {grid.y_name}={grid.y_values[best[1]]}"
        sign = "[ ]" if has_numbers else "★"
        lines += _caption(f"{sign} best {mean:.5g} at {where}; × all runs diverged", width)
    return [*lines, *_caption(grid.caption, width)]


_SHADES = "█▓▒░"


def heat_scale(grid: Grid) -> Scale:
    """The axis of a grid's losses."""
    return loss_scale(cell.mean for cell in grid.cells.values() if cell.mean is not None)


def _header(grid: Grid, wide: int, has_numbers: bool) -> str:
    if has_numbers:
        return "".join(f"{shown(name):^{wide}}" for name in grid.x_values)
    room_ = len(grid.x_values) * wide
    first, last = shown(grid.x_values[0]), shown(grid.x_values[-1])
    return f"{first}{last:>{max(room_ - len(first), len(last) + 1)}}"


def _share(grid: Grid, place: Scale, at: tuple[int, int]) -> float:
    cell = grid.cells.get(at)
    if cell is None or cell.mean is None:
        return 1.0
    return (place.place(cell.mean) - place.low) / (place.high - place.low)


def _heat(grid: Grid, place: Scale, at: tuple[int, int]) -> str | None:
    cell = grid.cells.get(at)
    if cell is None or cell.mean is None:
        return _DIM
    return (
        colour_of(0) if _share(grid, place, at) < 0.34 else None if _share(grid, place, at) < 0.67 else _DIM
    )
