"""Hands out what is left to do, each run to one sweep only."""

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from autograd_cli.errors import RunError
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.summary import RunSummary
from autograd_cli.sweep.ledger import Index, Ledger
from autograd_cli.sweep.plan import PlannedRun

# A run that takes its worker along as often as this will do so again.
ATTEMPTS = 3
# How often to look whether another sweep is done with a run, or gone.
_LOOK_AGAIN_S = 0.3
# How long to wait for another process's runs before saying so.
_SAY_AFTER_S = 2.0


@dataclass(frozen=True)
class Rerun:
    """What to run although it is there.

    Attributes:
        failed: what has failed.
        everything: all of it.
        stale: what was made by other code than a level of the user's own has now.

    """

    failed: bool = False
    everything: bool = False
    stale: bool = True

    def find(self, index: Index, run: PlannedRun) -> RunSummary | None:
        """The run as it is there already, if it is."""
        known = index.find(run.digest)
        if known is None and not self.stale:
            known = next(iter(index.stale(run.config, run.cell.source_digest)), None)
        return known

    def replaced(self, index: Index, run: PlannedRun) -> tuple[str, ...]:
        """Names of the runs that are there, and that the run will be made in place of."""
        there = index.stale(run.config, run.cell.source_digest)
        there += [known] if self.everything and (known := index.find(run.digest)) else []
        return tuple(Path(known.path).name for known in there if known.path)

    def leaves(self, known: RunSummary | None) -> bool:
        """Whether the run is to stay as it is."""
        if known is None or self.everything:
            return False
        if known.status in ("failed", "timed out"):
            return not self.failed
        return known.status in ("completed", "diverged")


class Queue:
    """The runs that are left.

    Attributes:
        found: runs that turned out to be done, by an earlier sweep or by another one meanwhile; whoever
            takes from the queue reports and clears them.
        stale: how many runs are to be made again because their level has other code now.
        notes: lines for whoever waits, such as what is waited for; cleared likewise.

    """

    def __init__(self, runs: Iterable[PlannedRun], ledger: Ledger, rerun: Rerun) -> None:
        self._ledger = ledger
        self._rerun = rerun
        self._ready: deque[PlannedRun] = deque()
        self._elsewhere: deque[PlannedRun] = deque()
        self._look_at_s = 0.0
        self._waits_since_s: float | None = None
        self._is_told = False
        self._losses: dict[str, int] = {}
        self.found: list[tuple[PlannedRun, RunSummary]] = []
        self.stale = 0
        self.notes: list[str] = []
        for run in runs:
            if not self._is_found(run):
                self._ready.append(run)
                self.stale += bool(ledger.index.stale(run.config, run.cell.source_digest))

    def __len__(self) -> int:
        return len(self._ready) + len(self._elsewhere)

    @property
    def waiting(self) -> tuple[PlannedRun, ...]:
        """The runs that are left, as far as is known."""
        return (*self._ready, *self._elsewhere)

    def take(self) -> PlannedRun | None:
        """The next run to do, claimed; None if there is none, or none just now."""
        for run in self._ours():
            return run
        if not self._elsewhere or monotonic() < self._look_at_s:
            return None
        self._look_at_s = monotonic() + _LOOK_AGAIN_S
        # Whoever had these may have died between finishing a run and telling of it.
        self._ledger.index.refresh()
        self._ready, self._elsewhere = self._elsewhere, deque()
        for run in self._ours():
            return run
        self._say_what_is_waited_for()
        return None

    def _ours(self) -> Iterator[PlannedRun]:
        """The runs that nobody else is at, each claimed."""
        while self._ready:
            run = self._ready.popleft()
            if self._is_ours(run):
                self._waits_since_s, self._is_told = None, False
                yield replace(run, replaces=self._rerun.replaced(self._ledger.index, run))

    def _say_what_is_waited_for(self) -> None:
        if self._waits_since_s is None:
            self._waits_since_s = monotonic()
        if not self._elsewhere or self._is_told or monotonic() - self._waits_since_s < _SAY_AFTER_S:
            return
        self._is_told = True
        run = self._elsewhere[0]
        known = self._ledger.index.find(run.digest)
        who = "another sweep"
        with suppress(RunError):
            if known and known.status == "running" and known.path:
                pid = read_run(Path(known.path)).environment.get("pid")
                who = f"process {pid} in {known.path}"
        more = f" and {len(self._elsewhere) - 1} more" if len(self._elsewhere) > 1 else ""
        self.notes.append(f"waiting for {run.label}{more}, which {who} is at")

    def give_back(self, run: PlannedRun) -> None:
        """The run was not finished, and is the next to be taken."""
        self._ledger.release(run.digest)
        self._ready.appendleft(run)

    def lose(self, run: PlannedRun, how: str) -> str | None:
        """The run's worker died, `how` it did; the run goes again until it has taken several along.

        Returns:
            None if it goes again, else why it is given up; then it counts as finished.

        """
        self._losses[run.digest] = self._losses.get(run.digest, 0) + 1
        if self._losses[run.digest] < ATTEMPTS:
            self.give_back(run)
            return None
        self.finish(run)
        return f"its worker died {ATTEMPTS} times, at last {how}"

    def finish(self, run: PlannedRun) -> None:
        """The run is done."""
        self._ledger.release(run.digest)

    def _is_ours(self, run: PlannedRun) -> bool:
        """Claim the run, unless it is done or another sweep is at it."""
        if not self._ledger.claim(run.digest):
            self._elsewhere.append(run)
            return False
        if not self._is_found(run):
            known = self._ledger.index.find(run.digest)
            if known is None or known.status != "running" or self._rerun.everything:
                return True
            self._elsewhere.append(run)  # a worker whose sweep has died, or `evo train`, is at it
        self._ledger.release(run.digest)
        return False

    def _is_found(self, run: PlannedRun) -> bool:
        known = self._rerun.find(self._ledger.index, run)
        if known is None or not self._rerun.leaves(known):
            return False
        self.found.append((run, known))
        return True
