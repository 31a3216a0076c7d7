"""From a configuration to a recorded run."""

import gc
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from autograd_cli.catalogue.external import blame_class, check_level, is_outside
from autograd_cli.catalogue.registry import (
    find_implementation,
    find_task,
    load_level,
    load_problem,
    with_model,
)
from autograd_cli.contract.batch import Batch
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.level import Level
from autograd_cli.errors import ConfigError, EvoError
from autograd_cli.runs.record import RunRecord, Status, SweepPlace
from autograd_cli.runs.writer import RunWriter, check_name
from autograd_cli.training.environment import GitState, describe_environment
from autograd_cli.training.loop import train
from autograd_cli.training.signals import Interruption
from autograd_cli.training.threads import set_threads


class Experiment:
    """One run, ready to start: its level stands at the start, and its directory exists.

    Attributes:
        config: the configuration.
        path: the run directory.
        record: what is known of the run; final once `run` has come to its end.

    """

    def __init__(
        self,
        config: RunConfig,
        runs_dir: Path,
        name: str | None = None,
        *,
        place: SweepPlace | None = None,
        git: Mapping[str, Any] | None = None,
    ) -> None:
        """Import what the level needs, make data and start, and create the run directory last.

        Args:
            config: what to train.
            runs_dir: the folder for run directories.
            name: the directory's name, in place of one made of time, task, level and seed.
            place: the sweep that the run belongs to.
            git: the state of the git tree, where the caller has asked already.

        Raises:
            ConfigError: the device is not there, the arrays do not fit into memory, or the name or the
                runs folder cannot be used. No run directory is left behind.

        """
        if name is not None:
            check_name(name)
        asked = GitState() if git is None else None
        self.config = config
        self._task = find_task(config.task, "--task")
        self._implementation = find_implementation(self._task, config.impl, "--impl")
        set_threads(config.threads)
        self._level_class = load_level(self._task, self._implementation)
        self._implementation = with_model(self._task, self._implementation, self._level_class)
        check_device(config)
        self._level = self._make_level()
        if asked:
            git = asked.read()
        environment = describe_environment(config.device, config.threads, git or {})
        self._writer = RunWriter(runs_dir, config, name, environment, place)
        self.path = self._writer.path
        self.record = self._writer.record

    def _make_level(self) -> Level:
        config = self.config
        try:
            level = self._level_class(load_problem(self._task).make(config), config)
        except Exception as error:
            if is_outside(self._level_class) and not isinstance(error, MemoryError):
                raise ConfigError(f"{self._blame(error)} (while making the level)") from error
            sizes = ", ".join(f"{key}={value}" for key, value in config.options.items() if type(value) is int)
            raise ConfigError(f"cannot make the arrays of {sizes}: {self._blame(error)}") from error
        if is_outside(self._level_class):
            check_level(level)
        return level

    def _blame(self, error: Exception) -> str:
        return blame_class(error, self._level_class)

    def run(self, interruption: Interruption) -> Iterator[Batch]:
        """Train; every batch is on its way to the disk before it is handed over.

        Raises:
            EvoError: the disk is full, or the level itself failed; the run is then recorded as failed.

        """
        if not gc.isenabled():
            # What imports and set-up have made lives to the end: the collector need not look at it again.
            gc.freeze()
            gc.enable()
        status: Status = "completed"
        message = None
        try:
            for batch in self._batches():
                self._writer.append(batch)
                yield batch
                if batch.diverged:
                    status = "diverged"
                elif interruption.signal is not None and self._writer.steps < self.config.steps:
                    status = "interrupted"
                    break
        except (KeyboardInterrupt, GeneratorExit):
            status = "interrupted"
            raise
        except EvoError as error:
            status, message = "failed", str(error)
            raise
        except Exception as error:
            status = "failed"
            message = self._blame(error)
            raise EvoError(message) from error
        finally:
            self.record = self._finish(status, message)
        if self.record.status == "failed":
            raise EvoError(str(self.record.error))

    def _batches(self) -> Iterator[Batch]:
        """The loop's batches. NumPy's warnings of an overflow say less than the status that follows."""
        import numpy as np  # the level has imported it

        with np.errstate(over="ignore", invalid="ignore"):
            yield from train(self._level, self.config.steps, on_accelerator=self.config.device == "cuda")

    def _finish(self, status: Status, message: str | None) -> RunRecord:
        from autograd_cli.contract.arrays import to_numpy  # NumPy waits for its number of threads

        try:
            if is_outside(self._level_class):
                check_level(self._level)
            parameters = {name: to_numpy(array) for name, array in self._level.parameters.items()}
            result = load_problem(self._task).describe(self._implementation.model, parameters)
        except Exception as error:
            # Only a level from outside gets here: its losses stand, but it has nothing to show for them.
            message = message or self._blame(error)
            return self._writer.finish("failed", None, None, message)
        return self._writer.finish(status, parameters, result, message)


def check_device(config: RunConfig) -> None:
    """Refuse `cuda` where there is no GPU.

    Raises:
        ConfigError: torch finds no GPU.

    """
    if config.device == "cuda":
        import torch  # a level that can run on cuda has imported it already

        if not torch.cuda.is_available():
            raise ConfigError(
                f"--device: torch {torch.__version__} finds no GPU for 'cuda' (allowed here: cpu)"
            )
