"""A run as it goes: plain lines for a pipe, a live table for a terminal."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol, TextIO

import orjson

from autograd_cli.contract.batch import Batch
from autograd_cli.contract.config import RunConfig
from autograd_cli.display.streams import unheard, write
from autograd_cli.display.text import duration, json_text, number, shown
from autograd_cli.runs.record import RunRecord

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

Row = tuple[int, float, float]


class Screen(AbstractContextManager["Screen"], Protocol):
    """Something that shows a run."""

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
    """Step, loss and elapsed seconds of every `print_every`-th step, and of the run's last one."""
    every, last = config.print_every, len(batch.losses) - 1
    first = -(batch.first_step + 1) % every
    for i in range(first, len(batch.losses), every):
        yield batch.first_step + i, batch.losses[i], batch.elapsed_s[i]
    is_end = batch.diverged or batch.first_step + last + 1 == config.steps
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
    lines.append(
        f"{end}; {record.steps} steps in {duration(record.elapsed_s)}, {duration(record.step_s)} a step"
    )
    return [*lines, record.path]


class PlainScreen:
    """Lines of fixed columns, flushed as they come."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

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
    """A table that grows, and below it a bar, the current loss, the speed and the time left."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._rows: list[Row] = []
        self._last: Row | None = None
        self._ended = False
        # Refreshed by hand, when there is something new: no second thread ever takes time from the loop.
        self._live: Live | None = None

    def __enter__(self) -> "LiveScreen":
        return self

    def start(self, config: RunConfig) -> None:
        """Draw the empty table."""
        from rich.live import Live

        self._config = config
        self._live = Live(console=self._console, auto_refresh=False, get_renderable=self._render)
        with unheard():
            self._live.start(refresh=True)

    def __exit__(self, *error: object) -> None:
        self._ended = True
        if self._live:
            with unheard():
                self._live.stop()

    def show(self, batch: Batch) -> None:
        """Draw the batch's rows, and how far the run is."""
        self._rows.extend(rows_to_print(self._config, batch))
        self._last = (batch.first_step + len(batch.losses) - 1, batch.losses[-1], batch.elapsed_s[-1])
        if self._live:
            with unheard():
                self._live.refresh()

    def finish(self, record: RunRecord) -> None:
        """Draw the whole table without the bar, then the result."""
        self.__exit__()
        formula = [record.result] if record.result else []
        for line in summary_lines(record):
            style = "bold green" if line in formula else "red" if record.status == "diverged" else ""
            with unheard():
                self._console.print(
                    shown(line), style=style, markup=False, highlight=not style, soft_wrap=True
                )

    def _render(self) -> "RenderableType":
        from rich.console import Group

        room = max(self._console.height - 8, 1)
        rows = self._rows if self._ended else self._rows[-room:]
        title = f"{self._config.task} / {self._config.impl}"
        table = loss_table(title, rows)
        return table if self._ended else Group(table, progress_line(self._config.steps, self._last))


def loss_table(title: str, rows: list[Row]) -> "RenderableType":
    """Rows of a run as a rich table."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(shown(title)), title_justify="left", title_style="bold")
    table.add_column("step", justify="right", min_width=8)
    table.add_column("loss", justify="right", min_width=14, style="cyan")
    table.add_column("elapsed", justify="right", min_width=9, style="dim")
    for step, loss, elapsed_s in rows:
        table.add_row(str(step), number(loss), duration(elapsed_s))
    return table


def progress_line(steps: int, last: Row | None) -> "RenderableType":
    """A bar, the current loss, steps per second and the time left."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    if last is None:
        grid.add_row(ProgressBar(total=max(steps, 1), completed=0, width=24), "starting")
        return grid
    step, loss, elapsed_s = last
    per_s = (step + 1) / elapsed_s if elapsed_s > 0 else 0.0
    left = duration((steps - step - 1) / per_s) if per_s else "-"
    bar = ProgressBar(total=steps, completed=step + 1, width=24)
    grid.add_row(bar, f"{step + 1}/{steps}", f"loss {number(loss)}", f"{per_s:,.0f} steps/s", f"{left} left")
    return grid
