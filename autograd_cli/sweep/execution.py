"""One run of a sweep, from its configuration to its directory."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograd_cli.errors import EvoError
from autograd_cli.runs.record import RunRecord, Status, SweepPlace
from autograd_cli.runs.writer import RunWriter
from autograd_cli.sweep.ledger import Known, note_done
from autograd_cli.sweep.plan import PlannedRun
from autograd_cli.training.environment import describe_environment
from autograd_cli.training.run import Experiment
from autograd_cli.training.signals import Interruption


@dataclass(frozen=True)
class Job:
    """What all runs of a sweep have in common; it travels to workers.

    Attributes:
        runs_dir: the folder for run directories.
        sweep: the sweep's name.
        git: the state of the git tree, asked once.

    """

    runs_dir: Path
    sweep: str
    git: Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """How a run of a sweep ended.

    Attributes:
        status: as in run.json.
        path: the run directory; None if there is none.
        steps, last_loss, best_loss, elapsed_s: as in run.json.
        reason: why the run failed, or where it diverged.
        is_new: whether this sweep has made the run, and not found it.

    """

    status: Status
    path: str | None = None
    steps: int = 0
    last_loss: float | None = None
    best_loss: float | None = None
    elapsed_s: float | None = None
    reason: str | None = None
    is_new: bool = True


def outcome_of(known: Known, *, is_new: bool = True) -> Outcome:
    """The outcome that a record tells of."""
    reason = known.error
    if known.diverged_step is not None:
        reason = f"the loss is not finite at step {known.diverged_step}"
    return Outcome(
        known.status,
        known.path,
        known.steps,
        known.last_loss,
        known.best_loss,
        known.elapsed_s,
        reason,
        is_new,
    )


def execute(run: PlannedRun, job: Job, interruption: Interruption, parent: int | None = None) -> Outcome:
    """Train and record one run; whatever goes wrong with it is its outcome, never an exception.

    A worker gives the sweep's process id as `parent`: when that process has died, the run stops at the next
    batch of losses and is recorded as interrupted.
    """
    try:
        experiment = Experiment(run.config, job.runs_dir, place=SweepPlace(job.sweep, run.index), git=job.git)
    except Exception as error:  # a level from outside may raise anything
        return record_failure(run, job, describe_error(error))
    try:
        for _ in experiment.run(interruption):
            if parent is not None and os.getppid() != parent:
                interruption.stop()
    except EvoError:
        pass  # the record says so
    record = experiment.record
    if record.status != "interrupted":
        note_done(job.runs_dir, run.digest, experiment.path.name)
    return outcome_of(Known.of(record))


def record_failure(run: PlannedRun, job: Job, reason: str) -> Outcome:
    """Leave a failed run directory for a run that could not even start, so that the next sweep knows."""
    environment = describe_environment("cpu", run.config.threads, job.git)
    try:
        writer = RunWriter(job.runs_dir, run.config, None, environment, SweepPlace(job.sweep, run.index))
        record: RunRecord = writer.finish("failed", error=reason)
    except EvoError as error:
        return Outcome("failed", reason=f"{reason}; and {error}")
    note_done(job.runs_dir, run.digest, writer.path.name)
    return outcome_of(Known.of(record))


def describe_error(error: BaseException) -> str:
    """One line: evo's own messages as they are, others with their type."""
    line = next(iter(str(error).splitlines()), "")
    return line if isinstance(error, EvoError) else f"{type(error).__name__}: {line}"
