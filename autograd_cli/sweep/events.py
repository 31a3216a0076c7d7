"""What engines report while they work."""

from dataclasses import dataclass

from autograd_cli.runs.summary import RunSummary
from autograd_cli.sweep.plan import PlannedRun

# Longest time without a look at signals and at other sweeps.
WAIT_S = 0.1


@dataclass(frozen=True)
class Started:
    """A run has begun."""

    run: PlannedRun


@dataclass(frozen=True)
class Advanced:
    """Runs that are trained together, or one alone, have taken that many steps."""

    runs: tuple[PlannedRun, ...]
    steps: int


@dataclass(frozen=True)
class Through:
    """A run is through, and `Finished` follows once its record says so."""

    run: PlannedRun


@dataclass(frozen=True)
class Lost:
    """A run's worker died, and the run goes back into the queue."""

    run: PlannedRun


@dataclass(frozen=True)
class Finished:
    """A run has come to an end, or was found to be done."""

    run: PlannedRun
    outcome: RunSummary


@dataclass(frozen=True)
class Note:
    """Something that whoever waits should know, in one line: what is waited for, or what will not be done."""

    text: str


# None: nothing new, but a moment to look up.
Event = Started | Advanced | Through | Lost | Finished | Note | None
