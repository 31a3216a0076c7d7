"""A run as it goes: plain lines for a pipe, a live table for a terminal."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from math import isfinite
from textwrap import wrap
from time import perf_counter
from typing import TYPE_CHECKING, Protocol, TextIO

import orjson

from autograd_cli.catalogue.files import names_class
from autograd_cli.contract.batch import Batch
from autograd_cli.contract.config import RunConfig, class_name
from autograd_cli.contract.keys import show
from autograd_cli.display.lines import LONGEST_S, SHARE, Line, LiveLines, Span, bar, print_lines, width_of
from autograd_cli.display.streams import unheard, write
from autograd_cli.display.text import at_the_point, duration, json_text, number, shown
from autograd_cli.display.theme import LIGHT, colour_of
from autograd_cli.runs.losses import Sketch
from autograd_cli.runs.record import RunRecord

if TYPE_CHECKING:
    from rich.console import Console

Row = tuple[int, float, float]

_GOOD, _BAD = colour_of(2), colour_of(6)
_BAR_LEAST, _BAR_MOST = 6, 24
# A first step that is told: longer than this, and than all others together.
_LONG_S = 0.5
_CURVE_POINTS = 120
_CURVE_WIDTH = 30  # columns, its numbers included


class Screen(AbstractContextManager["Screen"], Protocol):
    """Something that shows a run."""

    def load(self, config: RunConfig) -> None:
        """Show what is waited for before a run begins."""

    def start(self, config: RunConfig) -> None:
        """Show that a run begins."""

    def show(self, batch: Batch) -> None:
        """Show what a batch adds."""

    def finish(self, record: RunRecord) -> None:
        """Show how the run ended."""


def open_screen(how: str) -> Screen:
    """The screen for `how`: `json`, `quiet`, or `table`, which is live on a terminal only."""
    if how == "quiet":
        return QuietScreen(sys.stdout)
    if how == "json":
        return JsonScreen(sys.stdout)
    if sys.stdout.isatty():
        from rich.console import Console  # 60 ms that a pipe need not pay

        console = Console()
        if not console.is_dumb_terminal:
            return LiveScreen(console)
    return PlainScreen(sys.stdout)


def rows_to_print(config: RunConfig, batch: Batch) -> Iterator[Row]:
    """Step, loss and elapsed seconds of the first step, every `print_every`-th, and the run's last one."""
    every, last = config.print_every, len(batch.losses) - 1
    is_end = batch.diverged or batch.first_step + last + 1 == config.steps
    if batch.first_step == 0 and every > 1 and not (is_end and last == 0):
        yield 0, batch.losses[0], batch.elapsed_s[0]
    first = -(batch.first_step + 1) % every
    for i in range(first, len(batch.losses), every):
        yield batch.first_step + i, batch.losses[i], batch.elapsed_s[i]
    if is_end and (batch.first_step + last + 1) % every:
        yield batch.first_step + last, batch.losses[last], batch.elapsed_s[last]


def summary_lines(record: RunRecord) -> list[str]:
    """The result of a run: formula, losses, time and place, a line each."""
    end: str = record.status
    if record.diverged_step is not None:
        end += f" at step {record.diverged_step}: the loss is not finite"
    lines = [record.result] if record.result else []
    if record.steps == 0:
        return [*lines, f"{end}; no step was taken", record.path]
    best = "-" if record.best_loss is None else f"{number(record.best_loss)} at step {record.best_step}"
    lines.append(f"last loss {number(record.last_loss)}, best {best}")
    end += f"; {record.steps} steps in {duration(record.elapsed_s)}"
    if record.elapsed_s and record.first_step_s and record.first_step_s > max(_LONG_S, record.elapsed_s / 2):
        end += f", of which the first took {duration(record.first_step_s)}"
    lines.append(f"{end}, {duration(record.step_s)} a step")
    return [*lines, record.path]


class PlainScreen:
    """Lines of fixed columns, flushed as they come."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def load(self, config: RunConfig) -> None:
        """Nothing."""

    def start(self, config: RunConfig) -> None:
        """Print the header."""
        self._config = config
        self._write([f"{'step':>8}  {'loss':>14}  {'elapsed_s':>10}"])

    def show(self, batch: Batch) -> None:
        """Print the batch's rows."""
        rows = rows_to_print(self._config, batch)
        self._write(f"{step:>8}  {number(loss):>14}  {t:>10.4f}" for step, loss, t in rows)

    def finish(self, record: RunRecord) -> None:
        """Print the result."""
        self._write(summary_lines(record))

    def _write(self, lines: Iterable[str]) -> None:
        self._write_exactly("".join(f"{shown(line)}\n" for line in lines))

    def _write_exactly(self, text: str) -> None:
        with unheard():
            write(self._out, text)

    def __enter__(self) -> "PlainScreen":
        return self

    def __exit__(self, *error: object) -> None:
        return None


class QuietScreen(PlainScreen):
    """The run directory alone."""

    def start(self, config: RunConfig) -> None:
        """Nothing."""

    def show(self, batch: Batch) -> None:
        """Nothing."""

    def finish(self, record: RunRecord) -> None:
        """Print where the run is."""
        self._write_exactly(f"{record.path}\n")  # a program that reads it wants the path as it is


class JsonScreen(QuietScreen):
    """One JSON object."""

    def finish(self, record: RunRecord) -> None:
        """Print the record."""
        self._write_exactly(json_text({"path": record.path} | orjson.loads(record.to_json())))


class LiveScreen:
    """Settings, a table that grows, the curve beside it where there is room, and how far the run is."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._config: RunConfig | None = None
        self._waits_for = "evo"
        self._rows: list[Row] = []
        self._last: Row | None = None
        self._sketch = Sketch(_CURVE_POINTS)
        self._drawn: list[Line] = []
        self._drawn_size = (0, 0)
        self._due_s = 0.0
        self._live = LiveLines(console, self._compose)

    def __enter__(self) -> "LiveScreen":
        return self

    def load(self, config: RunConfig) -> None:
        """Say what is waited for: importing a framework takes seconds."""
        is_torch = config.impl not in ("numpy", "gram", "jax") and not names_class(config.impl)
        what = f"{config.task} / {class_name(config.to_dict())}"
        import autograd_cli.display.charts  # noqa: F401 - draws dots, and is not to be waited for in the loop

        self._waits_for = f"torch for {what}" if is_torch else what
        self._live.start()

    def start(self, config: RunConfig) -> None:
        """Draw the empty table."""
        self._config = config
        self._live.refresh(now=True)

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def show(self, batch: Batch) -> None:
        """Take in what a batch adds, and draw it if it is time."""
        assert self._config
        self._rows.extend(rows_to_print(self._config, batch))
        self._last = (batch.first_step + len(batch.losses) - 1, batch.losses[-1], batch.elapsed_s[-1])
        self._sketch.extend(batch.losses[:-1] if batch.diverged else batch.losses)
        self._live.refresh()

    def finish(self, record: RunRecord) -> None:
        """Print the whole table, the curve and the result, which stay."""
        self._live.stop()
        lines = self._table(self._console.width - 1, None)
        for line in summary_lines(record):
            is_formula = line == record.result
            bad = record.status == "diverged"
            lines.append([Span(shown(line), _GOOD if is_formula else _BAD if bad else None, is_formula)])
        with unheard():
            print_lines(self._console, lines)

    def _compose(self, columns: int, height: int) -> list[Line]:
        if self._config is None:
            return [[Span(f"loading {shown(self._waits_for)} …", LIGHT.dim)]]
        room = max(height - 9, 3)
        return [*self._table(columns, room), progress_line(self._config.steps, self._last, columns)]

    def _table(self, columns: int, room: int | None) -> list[Line]:
        """Header, and the last `room` rows, or all of them, with the curve beside."""
        assert self._config
        rows = self._rows if room is None else self._rows[-room:]
        table = loss_table(rows)
        width = max(map(width_of, table))
        curve = self._curve(columns - width - 3, min(max(len(rows), 8), room or 16, 16), is_last=room is None)
        lines = []
        for i in range(max(len(table), len(curve))):
            line = list(table[i]) if i < len(table) else []
            if i < len(curve):
                line.append(Span(" " * (width - width_of(line) + 3)))
                line += curve[i]
            lines.append(line)
        return [*settings_lines(self._config, columns), *lines]

    def _curve(self, width: int, height: int, *, is_last: bool) -> list[Line]:
        points = self._sketch.points
        if width < _CURVE_WIDTH or len(points) < 2 or self._last is None:
            return []
        start_s = perf_counter()
        if not is_last and (width, height) == self._drawn_size and start_s < self._due_s:
            return self._drawn
        from autograd_cli.display.charts import curve_chart  # imports what draws dots

        x = [float(i * self._sketch.stride) for i in range(len(points))]
        y = list(points)
        if self._last[0] > x[-1] and isfinite(self._last[1]):
            x.append(float(self._last[0]))
            y.append(self._last[1])
        self._drawn, self._drawn_size = curve_chart(x, y, min(width, 100), height), (width, height)
        # It costs more than all the rest, so that it is drawn less often.
        end_s = perf_counter()
        self._due_s = end_s + min((end_s - start_s) / (SHARE / 2), 2 * LONGEST_S)
        return self._drawn


def settings_lines(config: RunConfig, columns: int) -> list[Line]:
    """The task and the level, and the settings that matter: those that are not as they are everywhere."""
    values = {name: value for name, value in config.to_dict().items() if value is not None}
    dull = {"task": config.task, "impl": config.impl, "print_every": config.print_every}
    dull |= {"device": "cpu", "threads": 1, "momentum": 0.0}
    words = [f"{key}={show(value)}" for key, value in values.items() if key not in dull or value != dull[key]]
    title = f"{config.task} / {class_name(config.to_dict())}"
    first, *rest = wrap(shown(f"{title}  {' '.join(words)}"), max(columns, 20)) or [title]
    head = first[: len(title)], first[len(title) :]
    return [
        [Span(head[0], None, True), Span(head[1], LIGHT.dim)],
        *([Span(f"  {line}", LIGHT.dim)] for line in rest),
    ]


def loss_table(rows: Sequence[Row]) -> list[Line]:
    """Rows of a run, with their losses' points below each other."""
    losses = at_the_point([number(loss) for _, loss, _ in rows])
    wide = max([14, *map(len, losses)])
    lines: list[Line] = [[Span(f"{'step':>8}  {'loss':>{wide}}  {'elapsed':>9}", LIGHT.dim)]]
    for (step, _, elapsed_s), loss in zip(rows, losses, strict=True):
        time = f"  {duration(elapsed_s):>9}"
        lines.append([Span(f"{step:>8}"), Span(f"  {loss:>{wide}}", colour_of(0)), Span(time, LIGHT.dim)])
    return lines


def progress_line(steps: int, last: Row | None, columns: int) -> Line:
    """A bar, and as much as has room of: how far, the time left, the speed, the loss."""
    if last is None:
        return [Span("starting", LIGHT.dim)]
    step, loss, elapsed_s = last
    per_s = (step + 1) / elapsed_s if elapsed_s > 0 else 0.0
    left = duration((steps - step - 1) / per_s) if per_s else "-"
    words = [f"{step + 1}/{steps}", f"loss {number(loss)}", f"{per_s:,.0f} steps/s", f"{left} left"]
    for dull in (1, 1):  # the loss stands in the table, too
        if _BAR_LEAST + sum(len(word) + 2 for word in words) > columns:
            del words[dull]
    room = columns - sum(len(word) + 2 for word in words)
    return [*bar((step + 1) / max(steps, 1), min(max(room, 4), _BAR_MOST)), Span("  " + "  ".join(words))]
