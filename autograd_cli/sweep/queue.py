"""Hands out what is left to do, each run to one sweep only."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from autograd_cli.runs.summary import RunSummary
from autograd_cli.sweep.ledger import Index, Ledger
from autograd_cli.sweep.plan import PlannedRun

# A run that takes its worker along as often as this will do so again.
ATTEMPTS = 3
# How often to look whether another sweep is done with a run, or gone.
_LOOK_AGAIN_S = 0.3


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
        return known.status in ("completed", "diverged") or (known.status == "failed" and not self.failed)


class Queue:
    """The runs that are left.

    Attributes:
        found: runs that turned out to be done, by an earlier sweep or by another one meanwhile; whoever
            takes from the queue reports and clears them.
        stale: how many runs are to be made again because their level has other code now.

    """

    def __init__(self, runs: Iterable[PlannedRun], ledger: Ledger, rerun: Rerun) -> None:
        self._ledger = ledger
        self._rerun = rerun
        self._ready: deque[PlannedRun] = deque()
        self._elsewhere: deque[PlannedRun] = deque()
        self._look_at_s = 0.0
        self._losses: dict[str, int] = {}
        self.found: list[tuple[PlannedRun, RunSummary]] = []
        self.stale = 0
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
        while self._ready:
            run = self._ready.popleft()
            if self._is_ours(run):
                return replace(run, replaces=self._rerun.replaced(self._ledger.index, run))
        if not self._elsewhere or monotonic() < self._look_at_s:
            return None
        self._look_at_s = monotonic() + _LOOK_AGAIN_S
        # Whoever had these may have died between finishing a run and telling of it.
        self._ledger.index.refresh()
        self._ready, self._elsewhere = self._elsewhere, deque()
        while self._ready:
            run = self._ready.popleft()
            if self._is_ours(run):
                return replace(run, replaces=self._rerun.replaced(self._ledger.index, run))
        return None

    def give_back(self, run: PlannedRun) -> None:
        """The run was not finished, and is the next to be taken."""
        self._ledger.release(run.digest)
        self._ready.appendleft(run)

    def lose(self, run: PlannedRun) -> bool:
        """The run's worker died; whether the run goes again, as it does until it has taken several along."""
        self._losses[run.digest] = self._losses.get(run.digest, 0) + 1
        goes_again = self._losses[run.digest] < ATTEMPTS
        if goes_again:
            self.give_back(run)
        return goes_again

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
