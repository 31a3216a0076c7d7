"""From configurations to recorded runs: one run, or many that one program trains."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from autograd_cli.catalogue.cell import Cell
from autograd_cli.contract.batch import Batch
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.level import Level
from autograd_cli.contract.watched import WatchedConfig, watched
from autograd_cli.errors import EvoError
from autograd_cli.runs.memory import MemoryWriter
from autograd_cli.runs.place import check_name
from autograd_cli.runs.record import SOURCE, RunRecord, Status, SweepPlace
from autograd_cli.runs.writer import RunWriter
from autograd_cli.training.clock import Clock, clock_of
from autograd_cli.training.device import use_device
from autograd_cli.training.environment import GitState, describe_environment
from autograd_cli.training.honour import not_honoured
from autograd_cli.training.loop import train, train_many
from autograd_cli.training.signals import Interruption
from autograd_cli.training.threads import set_threads


class Recording:
    """One run on its way to its end, in a directory or in memory.

    Attributes:
        config: what is trained.
        writer: where it is recorded.
        status: how it ended; None while it goes on.
        error: why it failed.

    """

    def __init__(self, config: RunConfig, writer: RunWriter | MemoryWriter) -> None:
        self.config, self.writer = config, writer
        self.status: Status | None = None
        self.error: str | None = None

    @property
    def record(self) -> RunRecord:
        """What is known of the run; final once `finish` was called."""
        return self.writer.record

    def append(self, batch: Batch) -> None:
        """Record a batch, up to the first loss that is not finite, which ends the run."""
        if self.status is not None:
            return
        batch = batch.until_not_finite()
        try:
            self.writer.append(batch)
        except EvoError as error:
            self.fail(str(error))
        else:
            if batch.diverged:
                self.status = "diverged"

    def interrupt(self) -> None:
        """End the run early, if it goes on."""
        self.status = self.status or "interrupted"

    def fail(self, reason: str) -> None:
        """End the run, if it goes on, because it broke."""
        if self.status is None:
            self.status, self.error = "failed", reason

    def time_out(self, reason: str) -> None:
        """End the run, if it goes on, because it has taken too long."""
        if self.status is None:
            self.status, self.error = "timed out", reason

    def finish(self, parameters: Mapping[str, Any] | None, result: str | None) -> None:
        """Write down how the run ended; one that nothing has ended is complete."""
        with suppress(EvoError):  # the record says so
            self.writer.finish(self.status or "completed", parameters, result, self.error)


class Experiment:
    """Runs that are trained together, ready to start: level and directories are there.

    Attributes:
        recordings: the runs; a single one in most cases.

    """

    def __init__(
        self,
        cell: Cell,
        level: Level,
        recordings: Sequence[Recording],
        clock: Clock | None,
        *,
        is_batch: bool,
        given: RunConfig | None = None,
    ) -> None:
        self._cell, self._level, self._clock = cell, level, clock
        self._is_batch, self._given = is_batch, given
        self.recordings = recordings

    @property
    def config(self) -> RunConfig:
        """The configuration of the first run, with which the others share all but what sets them apart."""
        return self.recordings[0].config

    @property
    def record(self) -> RunRecord:
        """What is known of the first run."""
        return self.recordings[0].record

    def run(self, interruption: Interruption) -> Iterator[list[Batch]]:
        """Train, and hand over a batch of each run at a time, once it is on its way to the disk.

        Whatever goes wrong with a run stands in its record, and is not raised.
        """
        try:
            for batches in self._batches():
                for recording, batch in zip(self.recordings, batches, strict=True):
                    recording.append(batch)
                yield batches
                last = batches[0].first_step + len(batches[0].losses)
                if interruption.is_asked and last < self.config.steps:
                    self._interrupt()
                if all(recording.status for recording in self.recordings):
                    break
        except (Exception, SystemExit, KeyboardInterrupt) as error:  # becomes the reason in every record
            if interruption.explains(error):
                self._interrupt()
                raise
            reason = self._cell.blame(error)
            for recording in self.recordings:
                recording.fail(f"{self._cell.spec.name} failed: {reason}" if self._is_batch else reason)
        except BaseException:  # nobody wants the rest
            self._interrupt()
            raise
        finally:
            self._finish()

    def _batches(self) -> Iterator[list[Batch]]:
        """The loop's batches. NumPy's warnings of an overflow say less than the status that follows."""
        import numpy as np  # the level has imported it

        with np.errstate(over="ignore", invalid="ignore"):
            if self._is_batch:
                yield from train_many(self._level, self.config.steps, self._clock)
            else:
                yield from ([b] for b in train(self._level, self.config.steps, self._clock))

    def _interrupt(self) -> None:
        for recording in self.recordings:
            recording.interrupt()

    def _finish(self) -> None:
        try:
            parameters = self._parameters()
            results = [self._cell.problems.describe(self._cell.model, own) for own in parameters]
        except Exception as error:
            # Only a level from outside gets here: its losses stand, but it has nothing to show for them.
            for recording in self.recordings:
                recording.error = recording.error or self._cell.blame(error)
                recording.status = "failed"
                recording.finish(None, None)
            return
        if isinstance(self._given, WatchedConfig):
            self.record.not_honoured = not_honoured(self._cell.task, self._given, parameters[0])
        for recording, own, result in zip(self.recordings, parameters, results, strict=True):
            if recording.status == "diverged" and (self._has_gone_on or not _are_finite(own)):
                recording.finish(None, None)
            else:
                recording.finish(own, result)

    @property
    def _has_gone_on(self) -> bool:
        """Whether the level computes on after a loss that is not finite: its parameters are of no step."""
        return self._is_batch or self._clock is not None

    def _parameters(self) -> list[dict[str, Any]]:
        """The final parameters of each run, as NumPy arrays."""
        from autograd_cli.catalogue.checks import check_level
        from autograd_cli.contract.arrays import to_numpy  # NumPy waits for its number of threads

        if self._cell.is_outside:
            check_level(self._level)
        arrays = {name: to_numpy(array) for name, array in self._level.parameters.items()}
        if not self._is_batch:
            return [arrays]
        return [{name: array[i] for name, array in arrays.items()} for i in range(len(self.recordings))]


def _are_finite(parameters: Mapping[str, Any]) -> bool:
    import numpy as np  # the level has imported it

    return all(np.isfinite(array).all() for array in parameters.values())


def prepare(
    cell: Cell,
    config: RunConfig,
    runs_dir: Path | None,
    name: str | None = None,
    *,
    place: SweepPlace | None = None,
    git: Mapping[str, Any] | None = None,
    gpu: int | None = None,
    alone: bool = True,
) -> Experiment:
    """One run, ready to start: imports what the level needs, and makes the run directory last.

    Args:
        cell: what to train.
        config: how.
        runs_dir: the folder for run directories; None keeps the run in memory.
        name: the directory's name, in place of one made of time, task, level and seed.
        place: the sweep that the run belongs to.
        git: the state of the git tree, where the caller has asked already.
        gpu: which GPU a run on `cuda` uses; None for torch's choice, the first that it sees.
        alone: whether the run's end waits for the disk; see `RunWriter`. If not, a run of a level of evo's
            own gets its directory once there is more in it than a moment's losses; a level of the user's own
            may hang, or end this process, and what it is at has to be seen before.

    Raises:
        ConfigError: the device is not there, the arrays do not fit into memory, a level from outside cannot
            be made, or the name or the runs folder cannot be used. No run directory is left behind.

    """
    if name is not None:
        check_name(name)
    cell.check_needs()
    asked = GitState() if git is None else None
    set_threads(config.threads)
    cell.level_class  # noqa: B018 - its framework is imported while git looks
    model = cell.model if cell.is_outside else None
    use_device(config, gpu)
    given = watched(config) if cell.spec.takes_all else config
    level = cell.make(given)
    clock = clock_of(config.device)
    environment = _environment(config, clock, asked.read() if asked else git or {})
    writer = (
        MemoryWriter(config, environment, model, cell.source)
        if runs_dir is None
        else RunWriter(
            *(runs_dir, config, name, environment, place, model, kept_of(cell)),
            alone=alone,
            at_once=alone or cell.is_foreign,
        )
    )
    return Experiment(cell, level, [Recording(config, writer)], clock, is_batch=False, given=given)


def prepare_batch(
    cell: Cell,
    configs: Sequence[RunConfig],
    runs_dir: Path,
    places: Sequence[SweepPlace],
    git: Mapping[str, Any],
    gpu: int | None = None,
    *,
    alone: bool = True,
) -> Experiment:
    """Many runs as one program, in the form of `prepare`; their number stands as `batch` in their records.

    How many they are decides how a product of all of them is cut into pieces, and so the last digits of each.
    On a device the first loss and its gradients, which change no parameter, are computed once in vain: if its
    memory does not hold them, that comes before there are run directories.
    """
    config = configs[0]
    set_threads(config.threads)
    use_device(config, gpu)
    level = cell.make_batch(configs)
    clock = clock_of(config.device)
    if clock:
        level.backward(level.forward())
    environment = _environment(config, clock, git)
    environment |= {"batch": len(configs), "repeats_exactly": "in a batch of the same runs alone"}
    recordings: list[Recording] = []
    try:
        for config, place in zip(configs, places, strict=True):
            writer = RunWriter(runs_dir, config, None, environment, place, alone=alone, at_once=alone)
            recordings.append(Recording(config, writer))
    except BaseException:
        for recording in recordings:
            recording.writer.discard()
        raise
    return Experiment(cell, level, recordings, clock, is_batch=True)


def kept_of(cell: Cell) -> dict[str, bytes]:
    """What a run keeps of its level beside its name: the source of one of the user's own."""
    return {} if cell.source is None else {SOURCE: cell.source}


def _environment(config: RunConfig, clock: Clock | None, git: Mapping[str, Any]) -> dict[str, Any]:
    """The circumstances of a run whose level has been made; `timing` is what its times go by."""
    environment = describe_environment(config.device, config.threads, git)
    return environment | {"timing": clock.timing if clock else "host"}
