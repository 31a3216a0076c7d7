"""A sweep as it goes: a line a finished run on a pipe, a bar on a terminal, a table at the end."""

import sys
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from autograd_cli.contract.keys import Value
from autograd_cli.display.lines import Line, LiveLines, Span, bar, joined, print_lines
from autograd_cli.display.streams import unheard, write
from autograd_cli.display.tables import aligned
from autograd_cli.display.text import duration, json_text, number, shown
from autograd_cli.display.theme import LIGHT, colour_of
from autograd_cli.runs.record import Status
from autograd_cli.runs.summary import RunSummary
from autograd_cli.sweep.events import Advanced, Event, Finished, Lost, Started, Through
from autograd_cli.sweep.plan import PlannedRun
from autograd_cli.sweep.sweep import Sweep

if TYPE_CHECKING:
    from rich.console import Console

_FAILED = ("failed", "timed out", "damaged")
_BAD_SHOWN = 10
_BAR_LEAST, _BAR_MOST = 6, 24

# What stands for a run on the map, and in which colour.
_SIGNS = {
    "★": "best",
    "■": "done",
    "×": "diverged",
    "!": "failed",
    "-": "interrupted",
    "□": "ending",
    "▸": "running",
    "·": "to do",
}
_COLOURS: dict[str, str | None] = {
    "★": colour_of(1),
    "■": colour_of(2),
    "×": colour_of(4),
    "!": colour_of(7),
    "-": None,
    "□": colour_of(2),
    "▸": colour_of(0),
    "·": LIGHT.dim,
}


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


def result_lines(sweep: Sweep, elapsed_s: float, told: Collection[int] = ()) -> list[str]:
    """Counts by status, runs that did not complete with their reasons, the best, the time, and what is left.

    Runs in `told` have had a line already, and get no other.
    """
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
    bad = [
        (str(index), outcome.status, runs[index].label, outcome.reason or "", outcome.path or "-")
        for index, outcome in sorted(sweep.outcomes.items())
        if index not in told and outcome.status in ("diverged", "failed", "timed out", "damaged")
    ]
    if bad:
        header = ("run", "status", "what", "reason", "directory")
        lines += ["", *aligned(header, bad[:_BAD_SHOWN], frozenset({"run"})).splitlines()]
    if len(bad) > _BAD_SHOWN:
        lines.append(f"… and {len(bad) - _BAD_SHOWN} more, which evo compare --where status=… shows")
    new = sum(outcome.is_new and outcome.status != "interrupted" for outcome in sweep.outcomes.values())
    there = sum(not outcome.is_new for outcome in sweep.outcomes.values())
    lines.append("")
    if best := best_of(sweep):
        run, outcome = best
        lines.append(f"best last loss {number(outcome.last_loss)}: {run.label}, {outcome.path}")
    lines.append(
        f"{len(runs)} runs of sweep '{sweep.plan.name}': {new} new in {duration(elapsed_s)}, "
        f"{there} there already"
    )
    left = len(runs) - new - there
    if left and not sweep.used_up:  # a budget that is used up says so itself
        lines.append(f"{left} runs are left; the same command line goes on with them")
    return lines


class PlainScreen:
    """A line a finished run, flushed as it comes."""

    def __init__(self, sweep: Sweep, out: TextIO) -> None:
        self._sweep, self._out = sweep, out
        self._start_s = monotonic()
        self._told: set[int] = set()

    def show(self, event: Event) -> None:
        """Print a run that this sweep has made, or lost."""
        if isinstance(event, Lost):
            self._write([f"lost its worker, goes again: {event.run.label}"])
        if isinstance(event, Finished) and event.outcome.is_new:
            self._told.add(event.run.index)
            self._write([finished_line(self._sweep, event)])

    def finish(self) -> None:
        """Print the result."""
        self._write(result_lines(self._sweep, monotonic() - self._start_s, self._told))

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
    """How many runs are done, running, failed and diverged, the best so far, and a map of all of them."""

    def __init__(self, sweep: Sweep, console: "Console") -> None:
        self._sweep, self._console = sweep, console
        self._running: dict[int, int] = {}  # the steps that each has taken
        self._ending: set[int] = set()  # through, and on their way to the disk
        self._told: set[int] = set()
        self._wide = row_length([run.config.to_dict() for run in sweep.plan.runs])
        self._start_s = monotonic()
        self._live = LiveLines(console, self._compose)

    def __enter__(self) -> "LiveScreen":
        self._live.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def show(self, event: Event) -> None:
        """Draw the state anew, if it is time; a run that failed is told at once."""
        if isinstance(event, Started):
            self._running[event.run.index] = 0
        elif isinstance(event, Advanced):
            self._running.update((run.index, event.steps) for run in event.runs)
        elif isinstance(event, Through | Lost | Finished):
            self._running.pop(event.run.index, None)
            self._ending.discard(event.run.index)
        if isinstance(event, Through):
            self._ending.add(event.run.index)
        if isinstance(event, Finished) and event.outcome.is_new and event.outcome.status in _FAILED:
            self._told.add(event.run.index)
            line = shown(finished_line(self._sweep, event))
            with unheard():
                print_lines(self._console, [[Span(line, _COLOURS["!"])]])
        self._live.refresh()

    def finish(self) -> None:
        """Print the result."""
        self._live.stop()
        for line in result_lines(self._sweep, monotonic() - self._start_s, self._told):
            with unheard():
                self._console.print(shown(line), markup=False, highlight=False, soft_wrap=True)

    def _compose(self, columns: int, height: int) -> list[Line]:
        runs, outcomes = self._sweep.plan.runs, self._sweep.outcomes
        total = len(runs)
        share = sum(taken / max(runs[i].config.steps, 1) for i, taken in self._running.items())
        share += len(self._ending)
        made = share + sum(outcome.is_new for outcome in outcomes.values())
        left_s = (monotonic() - self._start_s) / made * (total - len(outcomes) - share) if made else None
        counts = Counter(outcome.status for outcome in outcomes.values())
        failed = sum(outcome.status in _FAILED for outcome in outcomes.values())
        words = [f"{len(outcomes)}/{total} done", f"{len(self._running)} running"]
        words += [f"{failed} failed"] if failed else []
        words += [f"{counts['diverged']} diverged"] if counts["diverged"] else []
        words.append(f"{duration(left_s)} left")
        while len("  ".join(words)) > columns and len(words) > 1:
            words.pop()
        room = columns - len("  ".join(words)) - 2
        done = (len(outcomes) + share) / max(total, 1)
        first = bar(done, min(room, _BAR_MOST)) if room >= _BAR_LEAST else []
        lines: list[Line] = [[*first, Span("  " * bool(first) + "  ".join(words))]]
        best = best_of(self._sweep)
        if best:
            told = f"best {number(best[1].last_loss)}: {best[0].label}"
            lines.append([Span(shown(told)[:columns], colour_of(0))])
        return [*lines, *self._map(columns, height - len(lines) - 4, best[0].index if best else None)]

    def _map(self, columns: int, room: int, best: int | None) -> list[Line]:
        """A sign a run; a row for each value of the slowest key, or a column if they are many."""
        runs = self._sweep.plan.runs
        signs = [self._sign(run.index, best) for run in runs]
        wide = self._wide
        rows = [signs[i : i + wide] for i in range(0, len(signs), wide)]
        if len(rows) > wide:
            rows = [list(row) for row in zip(*rows, strict=True)]
        if len(rows[0]) > columns - 2:  # no grid has room
            rows = [signs[i : i + columns - 2] for i in range(0, len(signs), columns - 2)]
        if len(runs) < 2 or len(rows) > room:
            return []
        gap = " " if 2 * len(rows[0]) <= columns - 2 else ""
        lines = [[Span("  "), *joined([Span(sign + gap, _COLOURS[sign]) for sign in row])] for row in rows]
        legend = "  ".join(f"{sign} {word}" for sign, word in _SIGNS.items() if sign in signs)
        return [*lines, [Span(f"  {legend}"[:columns], LIGHT.dim)]]

    def _sign(self, index: int, best: int | None) -> str:
        outcome = self._sweep.outcomes.get(index)
        if index == best:
            return "★"
        if outcome is None:
            return "▸" if index in self._running else "□" if index in self._ending else "·"
        if outcome.status in _FAILED:
            return "!"
        return {"completed": "■", "diverged": "×"}.get(outcome.status, "-")


def row_length(configs: Sequence[Mapping[str, Value]]) -> int:
    """After how many runs the keys that change fastest begin anew; all of them, where that is no grid."""
    for key in configs[0]:
        values = [config.get(key) for config in configs]
        length = next((i for i, value in enumerate(values) if value != values[0]), 0)
        if length > 1 and len(values) % length == 0:
            starts = range(0, len(values), length)
            if all(values[i : i + length] == [values[i]] * length for i in starts):
                return length
    return len(configs)
