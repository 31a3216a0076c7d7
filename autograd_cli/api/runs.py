"""A run, from wherever it comes: just trained, kept in memory, or read from its directory."""

import os
from collections.abc import Iterable
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autograd_cli.contract.config import RunConfig
from autograd_cli.errors import ConfigError, RunError
from autograd_cli.runs.folder import read_folder
from autograd_cli.runs.losses import read_losses
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import LOSSES, NoRunError, RunRecord, Status

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from autograd_cli.predict.model import TrainedModel


class Run:
    """One run: what it was, how it ended, and what came of it.

    Losses and parameters are read when they are asked for.

    Attributes:
        record: all that run.json says.
        path: the run directory, or a lone CSV file; None for a run that is kept in memory alone.

    """

    def __init__(self, record: RunRecord) -> None:
        self.record = record
        self.path = Path(record.path) if record.path else None

    @property
    def status(self) -> Status:
        """`completed`, `diverged`, `interrupted`, `failed` or `running`; `csv` for a lone file."""
        return self.record.status

    @property
    def config(self) -> RunConfig:
        """The effective configuration: `run.config.lr`.

        Raises:
            RunError: the run has none, as a lone CSV file.

        """
        try:
            return RunConfig.from_dict(self.record.config)
        except KeyError as error:
            raise RunError(f"{self.path}: its record holds no configuration: {error} is missing") from None

    @property
    def result(self) -> str | None:
        """The fitted formula, where the task has one."""
        return self.record.result

    @property
    def last_loss(self) -> float | None:
        """The loss of the last step; None if it is not finite, or there is none."""
        return self.record.last_loss

    @property
    def best_loss(self) -> float | None:
        """The smallest loss."""
        return self.record.best_loss

    @cached_property
    def losses(self) -> list[float]:
        """The loss of every step, before its update.

        Raises:
            RunError: losses.csv cannot be read.

        """
        return [loss for _, loss, _ in self._rows]

    @cached_property
    def elapsed_s(self) -> list[float | None]:
        """Seconds from the start of the loop until each loss was there.

        Raises:
            RunError: losses.csv cannot be read.

        """
        return [seconds for _, _, seconds in self._rows]

    @property
    def parameters(self) -> "dict[str, NDArray[Any]]":
        """The final parameters by name, as NumPy arrays.

        Raises:
            ConfigError: there are none, or they are not finite or not of the run's model.

        """
        return dict(self._model.parameters)

    def predict(self, x: "ArrayLike", depth: int = 0) -> "NDArray[Any]":
        """Predictions (N, outputs) of the trained model, in NumPy.

        Args:
            x: inputs (N, numbers in one). A number alone is one input; a list of numbers is one input, or a
                column of them where an input is a single number.
            depth: the path that a `dynamic` model takes.

        Raises:
            ConfigError: the model cannot be rebuilt, or the inputs do not fit it.

        """
        import numpy as np  # reading runs must not need NumPy

        width = self._model.signature.inputs
        try:
            rows = np.asarray(x, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"x: not numbers in rows of {width}: {error}", key="x") from None
        if rows.ndim < 2:
            rows = rows.reshape((-1, 1) if width == 1 else (1, -1))
        return self._model.predict(rows, depth)

    def detach(self) -> "Run":
        """The run with all that its directory holds read into memory, so that the directory may go."""
        _ = self.losses, self.elapsed_s
        if self.status == "completed":
            _ = self._model
        self.path = None
        return self

    @cached_property
    def _rows(self) -> list[tuple[int, float, float | None]]:
        path = self._place("losses")
        is_run = self.status != "csv"
        return list(read_losses(path / LOSSES, maybe_torn=True) if is_run else read_losses(path))

    @cached_property
    def _model(self) -> "TrainedModel":
        from autograd_cli.predict.model import load_model  # imports NumPy

        return load_model(self._place("parameters"))

    def _place(self, what: str) -> Path:
        if self.path is None:
            raise ConfigError(f"the run is {self.status} and was kept in memory alone: it has no {what}")
        return self.path

    def __repr__(self) -> str:
        """Level, status, last loss and place in a line."""
        config = self.record.config
        what = f"{config['task']}/{config['impl']} seed={config['seed']}" if config else "a CSV file"
        end = f"{self.status}, {self.record.steps} steps, last loss {self.last_loss}"
        return f"<Run {what}: {end}, {self.path or 'in memory'}>"


AnyRun = Run | str | PathLike[str]


def load(paths: AnyRun | Iterable[AnyRun]) -> list[Run]:
    """The runs at paths, in folders, or of patterns, such as `runs/*`; a Run is one already.

    Raises:
        ConfigError: a pattern matches nothing.
        RunError: a path is no run, or cannot be read; of a pattern's matches, those that are no runs are
            passed over.

    """
    found: list[Run] = []
    for one in [paths] if isinstance(paths, Run | str | PathLike) else paths:
        found += [one] if isinstance(one, Run) else _at(fspath(one))
    return found


def in_memory(
    record: RunRecord, losses: list[float], elapsed_s: list[float], model: "TrainedModel | None"
) -> Run:
    """A run that no directory holds; without a model it has no parameters."""
    run = Run(record)
    rows = list(zip(range(len(losses)), losses, elapsed_s, strict=True))
    known = {"losses": losses, "elapsed_s": elapsed_s, "_rows": rows} | ({"_model": model} if model else {})
    vars(run).update(known)  # in the place of what would be read
    return run


def _at(path: str) -> list[Run]:
    if os.path.lexists(path) or not any(sign in path for sign in "*?["):
        try:
            return [Run(read_run(Path(path)))]
        except NoRunError:
            inside, _ = read_folder(Path(path))
            if not inside:
                raise
            return list(map(Run, inside))
    from glob import glob

    matches = sorted(glob(path))
    if not matches:
        raise ConfigError(f"paths: nothing matches '{path}'", key="paths")
    runs = []
    for match in matches:
        try:
            runs.append(Run(read_run(Path(match))))
        except RunError:
            continue
    return runs
