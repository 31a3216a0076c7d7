"""Runs that are through, and wait for the sync that lets their records say so."""

import resource
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic

from autograd_cli.runs.disk import sync_file_system
from autograd_cli.runs.endings import settle
from autograd_cli.runs.nursery import remove_leftovers
from autograd_cli.runs.summary import RunSummary
from autograd_cli.runs.writer import RunWriter
from autograd_cli.sweep.events import Finished
from autograd_cli.sweep.ledger import note_done
from autograd_cli.sweep.plan import PlannedRun
from autograd_cli.sweep.queue import Queue

# A sync costs some milliseconds, however much there is to do: less often than this, a long run has it alone.
_PATIENCE_S = 1.0
_MOST = 256


class Endings:
    """The endings of a sweep's runs.

    Until a run is settled it reads as running: its lock is held here, or in the worker that has trained it.
    """

    def __init__(self, runs_dir: Path, queue: Queue | None = None) -> None:
        self._runs_dir, self._queue = runs_dir, queue
        # Each holds its losses.csv open.
        self._most = max(min(resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 4, _MOST), 1)
        self._held: deque[RunWriter] = deque()
        self._through: list[tuple[PlannedRun, RunSummary]] = []
        self._settled: list[tuple[PlannedRun, RunSummary]] = []
        self._settled_s = -_PATIENCE_S
        self._has_settled = self._has_failed = False

    def hold(self, writer: RunWriter) -> None:
        """Keep the lock of a run that is through."""
        self._held.append(writer)
        if len(self._held) > self._most:
            self._held.popleft().close()

    def add(self, run: PlannedRun, outcome: RunSummary) -> None:
        """Take in how a run ended, which its record does not say yet."""
        self._through.append((run, outcome))
        self._has_failed |= outcome.status in ("failed", "timed out")

    def look(self) -> None:
        """Settle what is there, if it is time."""
        if not self._through:
            return
        is_urgent = len(self._through) >= self._most or self._has_failed
        if is_urgent or monotonic() - self._settled_s >= _PATIENCE_S:
            self._settle()

    def collect(self, *, now: bool = False) -> Iterator[Finished]:
        """Tell of the runs that are settled; with `now` of all that are through."""
        if now and self._through:
            self._settle()
        self.look()
        settled, self._settled = self._settled, []
        for run, outcome in settled:
            if self._queue is not None:
                self._queue.finish(run)
            yield Finished(run, outcome)

    def close(self) -> None:
        """Settle what is left, and wait until all of it lasts."""
        if self._through:
            self._settle()
        if self._has_settled:
            with suppress(OSError):  # what was settled before has been told already
                sync_file_system(self._runs_dir)
        while self._held:
            self._held.pop().close()
        remove_leftovers(self._runs_dir)

    def _settle(self) -> None:
        failed = settle(self._runs_dir, {o.path: o.status for _, o in self._through if o.path is not None})
        done = []
        for run, outcome in self._through:
            reason = failed.get(outcome.path or "")
            if reason is not None:
                outcome = replace(outcome, status="failed", reason=reason)  # noqa: PLW2901 - what became of it
            elif outcome.path is not None and outcome.status != "interrupted":
                done.append((run.digest, outcome.path))
            self._settled.append((run, outcome))
        note_done(self._runs_dir, done)
        self._through, self._has_failed = [], False
        while self._held:
            self._held.pop().close()
        self._settled_s, self._has_settled = monotonic(), True
