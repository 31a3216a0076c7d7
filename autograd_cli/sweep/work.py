"""One run of a sweep, from its configuration to its directory."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograd_cli.catalogue.blame import describe
from autograd_cli.errors import EvoError
from autograd_cli.runs.record import SweepPlace
from autograd_cli.runs.summary import RunSummary
from autograd_cli.runs.writer import RunWriter
from autograd_cli.sweep.endings import Endings
from autograd_cli.sweep.ledger import note_done
from autograd_cli.sweep.plan import PlannedRun
from autograd_cli.training.environment import describe_environment
from autograd_cli.training.run import Recording, kept_of, prepare
from autograd_cli.training.signals import Interruption


@dataclass(frozen=True)
class Job:
    """What all runs of a sweep have in common; it travels to workers.

    Attributes:
        runs_dir: the folder for run directories.
        sweep: the sweep's name.
        git: the state of the git tree, asked once.
        gpu: which GPU the runs on `cuda` use; None for the first that torch sees.

    """

    runs_dir: Path
    sweep: str
    git: Mapping[str, Any]
    gpu: int | None = None


@dataclass(frozen=True)
class Crew:
    """Who does the work.

    Attributes:
        cores: threads of all runs that are executed at a time.
        workers: runs at a time.
        scheduler: address of a Dask scheduler; None for a local cluster.
        gpus: the GPUs for runs on `cuda`, one for each run at a time.

    """

    cores: int
    workers: int
    scheduler: str | None = None
    gpus: tuple[int, ...] = ()


def on_gpu(runs: Iterable[PlannedRun]) -> bool:
    """Whether some run uses a GPU."""
    return any(run.config.device == "cuda" for run in runs)


def execute(
    run: PlannedRun,
    job: Job,
    interruption: Interruption,
    parent: int | None = None,
    endings: Endings | None = None,
) -> RunSummary:
    """Train and record one run; whatever goes wrong with it is its outcome, never an exception.

    With `endings`, the record says how the run ended once they are settled; without, at once.

    A worker gives the sweep's process id as `parent`: when that process has died, the run stops at the next
    batch of losses and is recorded as interrupted.
    """
    place = SweepPlace(job.sweep, run.index, run.replaces)
    try:
        experiment = prepare(
            run.cell,
            run.config,
            job.runs_dir,
            place=place,
            git=job.git,
            gpu=job.gpu,
            durable=endings is None,
        )
    except Exception as error:  # a level from outside may raise anything
        return record_failure(run, job, describe(error))
    for _ in experiment.run(interruption):
        if parent is not None and os.getppid() != parent:
            interruption.stop()
        if endings is not None:
            endings.look()
    return settle(run, job, experiment.recordings[0], endings)


def settle(run: PlannedRun, job: Job, recording: Recording, endings: Endings | None = None) -> RunSummary:
    """Sum up a run that has come to its end; without `endings` to wait for, tell other sweeps of it."""
    record = recording.record
    if endings is not None:
        if isinstance(recording.writer, RunWriter):
            endings.hold(recording.writer)
    elif record.status != "interrupted":
        note_done(job.runs_dir, run.digest, Path(record.path).name)
    return RunSummary.of(record)


def record_failure(run: PlannedRun, job: Job, reason: str) -> RunSummary:
    """Leave a failed run directory for a run that could not even start, so that the next sweep knows."""
    environment = describe_environment("cpu", run.config.threads, job.git)
    try:
        place = SweepPlace(job.sweep, run.index, run.replaces)
        writer = RunWriter(job.runs_dir, run.config, None, environment, place, extra=kept_of(run.cell))
        record = writer.finish("failed", error=reason)
    except EvoError as error:
        return RunSummary("failed", reason=f"{reason}; and {error}")
    note_done(job.runs_dir, run.digest, Path(record.path).name)
    return RunSummary.of(record)
