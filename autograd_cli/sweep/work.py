"""One run of a sweep, from its configuration to its directory."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from autograd_cli.catalogue.blame import describe
from autograd_cli.contract.batch import Batch
from autograd_cli.errors import EvoError
from autograd_cli.runs.record import RunRecord, Status, SweepPlace
from autograd_cli.runs.summary import RunSummary
from autograd_cli.runs.writer import RunWriter, close_run
from autograd_cli.sweep.ledger import note_done
from autograd_cli.sweep.plan import PlannedRun
from autograd_cli.training.environment import describe_environment
from autograd_cli.training.run import Experiment, prepare, prepare_batch
from autograd_cli.training.signals import Interruption

# Runs that one worker takes at a time: one, or a batch that one program trains.
Unit = tuple[PlannedRun, ...]
# Told of every run directory as soon as it is there.
Begun = Callable[[list[str]], None]


@dataclass(frozen=True)
class Job:
    """What all runs of a sweep have in common; it travels to workers.

    Attributes:
        runs_dir: the folder for run directories.
        sweep: the sweep's name.
        git: the state of the git tree, asked once.
        timeout_s: seconds that a run may take, its data and start included; None for any number.

    """

    runs_dir: Path
    sweep: str
    git: Mapping[str, Any]
    timeout_s: float | None = None

    @property
    def too_long(self) -> str:
        """The reason of a run that has timed out."""
        return f"it took longer than {self.timeout_s:g} s"


@dataclass(frozen=True)
class Crew:
    """Who does the work.

    Attributes:
        cores: threads of all runs that are executed at a time.
        workers: runs at a time.
        scheduler: address of a Dask scheduler; None for a local cluster.

    """

    cores: int
    workers: int
    scheduler: str | None = None


def execute(
    run: PlannedRun,
    job: Job,
    interruption: Interruption,
    *,
    begun: Begun | None = None,
    parent: int | None = None,
) -> RunSummary:
    """Train and record one run; whatever goes wrong with it is its outcome, never an exception.

    A worker gives the sweep's process id as `parent`: when that process has died, the run stops at the next
    batch of losses and is recorded as interrupted.
    """
    start_s = monotonic()
    try:
        experiment = set_up(run, job)
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # a level from outside may raise anything
        if interruption.explains(error):
            raise
        return record_failure(run, job, describe(error))
    if begun:
        begun([experiment.record.path])
    return train(run, experiment, job, interruption, start_s, parent)


def set_up(run: PlannedRun, job: Job) -> Experiment:
    """The run, ready to start; raises what `prepare` raises."""
    place = SweepPlace(job.sweep, run.index)
    return prepare(run.cell, run.config, job.runs_dir, place=place, git=job.git)


def train(
    run: PlannedRun,
    experiment: Experiment,
    job: Job,
    interruption: Interruption,
    start_s: float,
    parent: int | None = None,
) -> RunSummary:
    """Bring a run that was set up to its end; `start_s` is when its time began, by `monotonic`."""
    for batches in experiment.run(interruption):
        if parent is not None and os.getppid() != parent:
            interruption.stop()
        if job.timeout_s is not None and monotonic() - start_s > job.timeout_s:
            _time_out(experiment, batches, job)
    return settle(run, job, experiment.record)


def execute_batch(
    runs: Sequence[PlannedRun],
    job: Job,
    interruption: Interruption,
    *,
    begun: Begun | None = None,
    parent: int | None = None,
) -> list[RunSummary]:
    """Train and record runs as one program; a run's time is its share of the batch's.

    A batch that cannot be set up is executed one run at a time, so that each run gets its own reason.
    """
    start_s = monotonic()
    configs = [run.config for run in runs]
    places = [SweepPlace(job.sweep, run.index) for run in runs]
    try:
        experiment = prepare_batch(runs[0].cell, configs, job.runs_dir, places, job.git)
    except Exception:  # whatever it is, it comes again below, and is then told of one run
        return [execute(run, job, interruption, parent=parent) for run in runs]
    if begun:
        begun([recording.record.path for recording in experiment.recordings])
    for batches in experiment.run(interruption):
        if parent is not None and os.getppid() != parent:
            interruption.stop()
        if job.timeout_s is not None and monotonic() - start_s > job.timeout_s * len(runs):
            _time_out(experiment, batches, job)
    records = [recording.record for recording in experiment.recordings]
    return [settle(run, job, record) for run, record in zip(runs, records, strict=True)]


def _time_out(experiment: Experiment, batches: Sequence[Batch], job: Job) -> None:
    """End the runs, unless this was their last batch."""
    if batches[0].first_step + len(batches[0].losses) < experiment.config.steps:
        for recording in experiment.recordings:
            recording.time_out(job.too_long)


def settle(run: PlannedRun, job: Job, record: RunRecord) -> RunSummary:
    """Tell other sweeps of a run that has come to its end, and sum it up."""
    if record.status != "interrupted":
        note_done(job.runs_dir, run.digest, Path(record.path).name)
    return RunSummary.of(record)


def record_failure(run: PlannedRun, job: Job, reason: str, status: Status = "failed") -> RunSummary:
    """Leave a run directory for a run that could not even start, so that the next sweep knows."""
    environment = describe_environment("cpu", run.config.threads, job.git)
    try:
        writer = RunWriter(job.runs_dir, run.config, None, environment, SweepPlace(job.sweep, run.index))
        record = writer.finish(status, error=reason)
    except EvoError as error:
        return RunSummary(status, reason=f"{reason}; and {error}")
    return settle(run, job, record)


def record_timeout(run: PlannedRun, job: Job, path: str | None) -> RunSummary:
    """Say of a run that hung, and whose worker was killed, that it took too long; `path` is its directory."""
    if path is None:
        return record_failure(run, job, f"{job.too_long} to start", "timed out")
    try:
        return settle(run, job, close_run(Path(path), "timed out", job.too_long))
    except EvoError as error:
        return RunSummary("timed out", path, reason=f"{job.too_long}; and {error}")
