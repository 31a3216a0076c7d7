"""One run of a sweep, from its configuration to its directory."""

import os
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from autograd_cli.catalogue.blame import describe
from autograd_cli.contract.batch import Batch
from autograd_cli.errors import EvoError
from autograd_cli.runs.record import Status, SweepPlace
from autograd_cli.runs.summary import RunSummary
from autograd_cli.runs.writer import RunWriter, close_run
from autograd_cli.sweep.endings import Endings
from autograd_cli.sweep.events import Advanced, Event
from autograd_cli.sweep.ledger import note_done
from autograd_cli.sweep.plan import PlannedRun
from autograd_cli.training.device import is_out_of_memory
from autograd_cli.training.environment import describe_environment
from autograd_cli.training.run import Experiment, Recording, kept_of, prepare, prepare_batch
from autograd_cli.training.signals import Interruption

# Runs that one worker takes at a time: one, or a batch that one program trains.
Unit = tuple[PlannedRun, ...]
# Told of every run directory as soon as it is there.
Begun = Callable[[list[str]], None]
# Told now and then how many steps the runs have taken.
Tell = Callable[[int], None]

T = TypeVar("T")
# Yields how many steps have been taken, a few times a second, and returns the outcome.
Training = Generator[int, None, T]


@dataclass(frozen=True)
class Job:
    """What all runs of a sweep have in common; it travels to workers.

    Attributes:
        runs_dir: the folder for run directories.
        sweep: the sweep's name.
        git: the state of the git tree, asked once.
        gpu: which GPU the runs on `cuda` use; None for the first that torch sees.
        timeout_s: seconds that a run may take, its data and start included; None for any number.

    """

    runs_dir: Path
    sweep: str
    git: Mapping[str, Any]
    gpu: int | None = None
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
        gpus: the GPUs for runs on `cuda`, one for each run at a time.

    """

    cores: int
    workers: int
    scheduler: str | None = None
    gpus: tuple[int, ...] = ()


def on_gpu(runs: Iterable[PlannedRun]) -> bool:
    """Whether some run uses a GPU."""
    return any(run.config.device == "cuda" for run in runs)


def to_end(training: Training[T], tell: Tell | None = None) -> T:
    """The outcome of a training, whose steps are told meanwhile."""
    while True:
        try:
            steps = next(training)
        except StopIteration as end:
            outcome: T = end.value
            return outcome
        if tell:
            tell(steps)


def advancing(runs: Unit, training: Training[T]) -> Generator[Event, None, T]:
    """The outcome of a training of these runs, whose steps are events meanwhile."""
    while True:
        try:
            steps = next(training)
        except StopIteration as end:
            outcome: T = end.value
            return outcome
        yield Advanced(runs, steps)


def execute(
    run: PlannedRun,
    job: Job,
    interruption: Interruption,
    *,
    begun: Begun | None = None,
    parent: int | None = None,
    endings: Endings | None = None,
) -> Training[RunSummary]:
    """Train and record one run; whatever goes wrong with it is its outcome, never an exception.

    With `endings`, the record says how the run ended once they are settled; without, at once.

    A worker gives the sweep's process id as `parent`: when that process has died, the run stops at the next
    batch of losses and is recorded as interrupted.
    """
    start_s = monotonic()
    try:
        experiment = set_up(run, job, endings)
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # a level from outside may raise anything
        if interruption.explains(error):
            raise
        return record_failure(run, job, describe(error))
    unit = train_batch((run,), experiment, job, interruption, start_s, begun, parent=parent, endings=endings)
    return (yield from unit)[0]


def set_up(run: PlannedRun, job: Job, endings: Endings | None = None) -> Experiment:
    """The run, ready to start; raises what `prepare` raises."""
    return prepare(
        run.cell,
        run.config,
        job.runs_dir,
        place=SweepPlace(job.sweep, run.index, run.replaces, run.name),
        git=job.git,
        gpu=job.gpu,
        alone=endings is None,
    )


def train(
    run: PlannedRun,
    experiment: Experiment,
    job: Job,
    interruption: Interruption,
    start_s: float,
) -> Training[RunSummary]:
    """Bring a run that was set up to its end; `start_s` is when its time began, by `monotonic`."""
    return (yield from train_batch((run,), experiment, job, interruption, start_s))[0]


def execute_batch(
    runs: Unit,
    job: Job,
    interruption: Interruption,
    *,
    begun: Begun | None = None,
    parent: int | None = None,
    endings: Endings | None = None,
) -> Training[list[RunSummary]]:
    """Train and record runs as one program, or as several where memory does not hold it.

    A batch that cannot be set up at all is executed one run at a time, so that each run gets its own reason.
    """
    outcomes: list[RunSummary] = []
    paths: list[str] = []

    def tell(own: list[str]) -> None:
        if begun:
            begun(paths + own)

    while left := runs[len(outcomes) :]:
        start_s = monotonic()
        part, experiment = prepare_some(left, job, endings)
        if experiment is None:
            for run in part:
                outcome = yield from execute(run, job, interruption, parent=parent, endings=endings)
                outcomes.append(outcome)
            paths += [outcome.path or "" for outcome in outcomes[len(paths) :]]
            continue
        outcomes += yield from train_batch(
            part, experiment, job, interruption, start_s, tell, parent=parent, endings=endings
        )
        paths += [outcome.path or "" for outcome in outcomes[len(paths) :]]
    return outcomes


def prepare_some(runs: Unit, job: Job, endings: Endings | None = None) -> tuple[Unit, Experiment | None]:
    """The first of `runs`, as one program that is ready to start: half as many until memory holds them.

    The program is None if there is another reason why it cannot be set up.
    """
    while True:
        try:
            places = [SweepPlace(job.sweep, run.index, run.replaces, run.name) for run in runs]
            configs = [run.config for run in runs]
            return runs, prepare_batch(
                runs[0].cell, configs, job.runs_dir, places, job.git, job.gpu, alone=endings is None
            )
        except Exception as error:  # whatever it is, it comes again, and is then told of one run
            if len(runs) == 1 or not is_out_of_memory(error):
                return runs, None
        # Only here, where the error is gone, and with it what it held of the arrays.
        runs = runs[: -(-len(runs) // 2)]


def train_batch(
    runs: Unit,
    experiment: Experiment,
    job: Job,
    interruption: Interruption,
    start_s: float,
    begun: Begun | None = None,
    *,
    parent: int | None = None,
    endings: Endings | None = None,
) -> Training[list[RunSummary]]:
    """Bring runs that were set up together to their ends; a run's time is its share of all."""
    is_told = begun is None or _tell_of(experiment, begun)
    for batches in experiment.run(interruption):
        is_told = is_told or begun is None or _tell_of(experiment, begun)
        if parent is not None and os.getppid() != parent:
            interruption.stop()
        if endings is not None:
            endings.look()
        if job.timeout_s is not None and monotonic() - start_s > job.timeout_s * len(runs):
            _time_out(experiment, batches, job)
        yield batches[0].first_step + len(batches[0].losses)
    both = zip(runs, experiment.recordings, strict=True)
    return [settle(run, job, recording, endings) for run, recording in both]


def _tell_of(experiment: Experiment, begun: Begun) -> bool:
    """Tell of the run directories, if they are there."""
    if experiment.record.path:
        begun([recording.record.path for recording in experiment.recordings])
    return bool(experiment.record.path)


def _time_out(experiment: Experiment, batches: Sequence[Batch], job: Job) -> None:
    """End the runs, unless this was their last batch."""
    if batches[0].first_step + len(batches[0].losses) < experiment.config.steps:
        for recording in experiment.recordings:
            recording.time_out(job.too_long)


def settle(run: PlannedRun, job: Job, recording: Recording, endings: Endings | None = None) -> RunSummary:
    """Sum up a run that has come to its end; without `endings` to wait for, tell other sweeps of it."""
    record = recording.record
    if endings is not None:
        if isinstance(recording.writer, RunWriter):
            endings.hold(recording.writer)
    elif record.status != "interrupted":
        note_done(job.runs_dir, [(run.digest, record.path)])
    return RunSummary.of(record)


def record_failure(run: PlannedRun, job: Job, reason: str, status: Status = "failed") -> RunSummary:
    """Leave a run directory for a run that could not even start, so that the next sweep knows."""
    environment = describe_environment("cpu", run.config.threads, job.git)
    try:
        place = SweepPlace(job.sweep, run.index, run.replaces, run.name)
        writer = RunWriter(job.runs_dir, run.config, None, environment, place, extra=kept_of(run.cell))
        record = writer.finish(status, error=reason)
    except EvoError as error:
        return RunSummary(status, reason=f"{reason}; and {error}")
    note_done(job.runs_dir, [(run.digest, record.path)])
    return RunSummary.of(record)


def record_timeout(run: PlannedRun, job: Job, path: str | None) -> RunSummary:
    """Say of a run that hung, and whose worker was killed, that it took too long; `path` is its directory."""
    if path is None:
        return record_failure(run, job, f"{job.too_long} to its first losses", "timed out")
    try:
        record = close_run(Path(path), "timed out", job.too_long)
    except EvoError as error:
        return RunSummary("timed out", path, reason=f"{job.too_long}; and {error}")
    note_done(job.runs_dir, [(run.digest, path)])
    return RunSummary.of(record)
