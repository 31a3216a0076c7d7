"""A sweep as it goes: a line a finished run on a pipe, a bar on a terminal, a table at the end."""

import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from autograd_cli.display.streams import unheard, write
from autograd_cli.display.tables import aligned
from autograd_cli.display.text import duration, json_text, number, shown
from autograd_cli.runs.record import Status
from autograd_cli.runs.summary import RunSummary
from autograd_cli.sweep.events import Event, Finished, Lost, Started
from autograd_cli.sweep.plan import PlannedRun
from autograd_cli.sweep.sweep import Sweep

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_REFRESH_S = 0.2


class SweepScreen(AbstractContextManager["SweepScreen"], Protocol):
    """Something that shows a sweep."""

    def show(self, event: Event) -> None:
        """Show what happened."""

    def finish(self) -> None:
        """Show how the sweep ended."""


def open_screen(sweep: Sweep, how: str) -> SweepScreen:
    """The screen for `how`: `json`, `quiet`, or `table`, which is live on a terminal only."""
    if how == "quiet":
        return QuietScreen(sweep, sys.stdout)
    if how == "json":
        return JsonScreen(sweep, sys.stdout)
    if sys.stdout.isatty():
        from rich.console import Console  # 60 ms that a pipe need not pay

        console = Console()
        if not console.is_dumb_terminal:
            return LiveScreen(sweep, console)
    return PlainScreen(sweep, sys.stdout)


def plan_text(sweep: Sweep) -> str:
    """What would run, counted and named."""
    left, there = sweep.preview()
    to_do = {run.index for run in left}
    engines = ", ".join(dict.fromkeys(engine for engine, _ in sweep.parts()))
    lines = [
        f"{len(sweep.plan.runs)} runs of sweep '{sweep.plan.name}': "
        f"{len(left)} to do, {there} there already; "
        f"engine {engines}, at most {sweep.workers} at a time"
    ]
    lines += [
        f"{run.index:>6}  {'to do' if run.index in to_do else 'there'}  {run.label}"
        for run in sweep.plan.runs
    ]
    return "".join(f"{shown(line)}\n" for line in lines)


def best_of(sweep: Sweep) -> tuple[PlannedRun, RunSummary] | None:
    """The run with the smallest last loss so far."""
    ended = [
        (outcome.last_loss, index)
        for index, outcome in sweep.outcomes.items()
        if outcome.status == "completed" and outcome.last_loss is not None
    ]
    if not ended:
        return None
    _, index = min(ended)
    return sweep.plan.runs[index], sweep.outcomes[index]


def result_lines(sweep: Sweep, elapsed_s: float) -> list[str]:
    """Counts by status, each run that did not complete with its reason, the best, and the time."""
    runs = sweep.plan.runs
    counts = Counter(outcome.status for outcome in sweep.outcomes.values())
    ends: tuple[Status, ...] = ("completed", "diverged", "failed", "timed out", "damaged", "interrupted")
    rows: list[tuple[str, ...]] = [(status, str(counts[status])) for status in ends]
    rows.append(("not run", str(len(runs) - len(sweep.outcomes))))
    lines = [
        "",
        *aligned(
            ("status", "runs"), [row for row in rows if row[1] != "0"], frozenset({"runs"})
        ).splitlines(),
    ]
    told = [
        (str(index), outcome.status, runs[index].label, outcome.reason or "", outcome.path or "-")
        for index, outcome in sorted(sweep.outcomes.items())
        if outcome.status in ("diverged", "failed", "timed out", "damaged")
    ]
    if told:
        header = ("run", "status", "what", "reason", "directory")
        lines += ["", *aligned(header, told, frozenset({"run"})).splitlines()]
    new = sum(outcome.is_new for outcome in sweep.outcomes.values())
    lines.append("")
    if best := best_of(sweep):
        run, outcome = best
        lines.append(f"best last loss {number(outcome.last_loss)}: {run.label}, {outcome.path}")
    lines.append(
        f"{len(runs)} runs of sweep '{sweep.plan.name}': {new} new in {duration(elapsed_s)}, "
        f"{len(sweep.outcomes) - new} there already"
    )
    return lines


class PlainScreen:
    """A line a finished run, flushed as it comes."""

    def __init__(self, sweep: Sweep, out: TextIO) -> None:
        self._sweep, self._out = sweep, out
        self._start_s = monotonic()

    def show(self, event: Event) -> None:
        """Print a run that this sweep has made, or lost."""
        if isinstance(event, Lost):
            self._write([f"lost its worker, goes again: {event.run.label}"])
        if isinstance(event, Finished) and event.outcome.is_new:
            self._write([finished_line(self._sweep, event)])

    def finish(self) -> None:
        """Print the result."""
        self._write(result_lines(self._sweep, monotonic() - self._start_s))

    def _write(self, lines: Iterable[str]) -> None:
        self._write_exactly("".join(f"{shown(line)}\n" for line in lines))

    def _write_exactly(self, text: str) -> None:
        with unheard():
            write(self._out, text)

    def __enter__(self) -> "PlainScreen":
        return self

    def __exit__(self, *error: object) -> None:
        return None


def finished_line(sweep: Sweep, event: Finished) -> str:
    """How many runs are done; how this one ended, what it was, its loss and time or the reason, its place."""
    total, outcome = len(sweep.plan.runs), event.outcome
    count = f"[{len(sweep.outcomes):>{len(str(total))}}/{total}]"
    end = outcome.reason or f"last loss {number(outcome.last_loss)}, {duration(outcome.elapsed_s)}"
    return f"{count} {outcome.status:<9}  {event.run.label}  {end}  {outcome.path or '-'}"


class QuietScreen(PlainScreen):
    """The run directories alone, those that were there already too."""

    def show(self, event: Event) -> None:
        """Print where the run is."""
        if isinstance(event, Finished) and event.outcome.path:
            self._write_exactly(f"{event.outcome.path}\n")  # for programs, which want it as it is

    def finish(self) -> None:
        """Nothing."""


class JsonScreen(QuietScreen):
    """One JSON object."""

    def show(self, event: Event) -> None:
        """Nothing."""

    def finish(self) -> None:
        """Print the sweep and its runs."""
        content = {
            "sweep": self._sweep.plan.name,
            "elapsed_s": monotonic() - self._start_s,
            "runs": [self._run(run) for run in self._sweep.plan.runs],
        }
        self._write_exactly(json_text(content))

    def _run(self, run: PlannedRun) -> dict[str, Any]:
        outcome = self._sweep.outcomes.get(run.index)
        about = {"index": run.index, "label": run.label, "config": run.config.to_dict()}
        if outcome is None:
            return about | {"status": "not run"}
        return about | asdict(outcome)


class LiveScreen:
    """A bar, how many runs are done, running and failed, the time left, and the best so far."""

    def __init__(self, sweep: Sweep, console: "Console") -> None:
        from rich.live import Live

        self._sweep, self._console = sweep, console
        self._running = 0
        self._start_s = self._shown_s = monotonic()
        # Refreshed by hand: a second thread would not survive the fork of workers.
        self._live = Live(console=console, auto_refresh=False, transient=True, get_renderable=self._render)

    def __enter__(self) -> "LiveScreen":
        with unheard():
            self._live.start(refresh=True)
        return self

    def __exit__(self, *error: object) -> None:
        with unheard():
            self._live.stop()

    def show(self, event: Event) -> None:
        """Draw the state anew, a few times a second; runs that did not complete are told at once."""
        if isinstance(event, Started):
            self._running += 1
        elif isinstance(event, Lost) or (isinstance(event, Finished) and event.outcome.is_new):
            self._running -= 1
        if isinstance(event, Finished) and event.outcome.is_new and event.outcome.status != "completed":
            from rich.text import Text

            line = Text(shown(finished_line(self._sweep, event)), style="red")
            with unheard():
                self._console.print(line, soft_wrap=True)
        if monotonic() - self._shown_s >= _REFRESH_S:
            self._shown_s = monotonic()
            with unheard():
                self._live.refresh()

    def finish(self) -> None:
        """Print the result."""
        for line in result_lines(self._sweep, monotonic() - self._start_s):
            with unheard():
                self._console.print(shown(line), markup=False, highlight=False, soft_wrap=True)

    def _render(self) -> "RenderableType":
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        total, outcomes = len(self._sweep.plan.runs), self._sweep.outcomes
        new = sum(outcome.is_new for outcome in outcomes.values())
        left_s = (monotonic() - self._start_s) / new * (total - len(outcomes)) if new else None
        failed = sum(outcome.status in ("failed", "timed out") for outcome in outcomes.values())
        grid = Table.grid(padding=(0, 2))
        grid.add_row(
            ProgressBar(total=total, completed=len(outcomes), width=24),
            f"{len(outcomes)}/{total} done",
            f"{self._running} running",
            f"{failed} failed",
            f"{duration(left_s)} left",
        )
        best = best_of(self._sweep)
        told = f"best {number(best[1].last_loss)}: {best[0].label}" if best else ""
        return Group(grid, Text(shown(told)))
