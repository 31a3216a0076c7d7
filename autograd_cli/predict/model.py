"""A trained model, rebuilt from its run directory alone: config.yaml and weights.npz. Needs no torch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_cli.catalogue.cell import Cell
from autograd_cli.config.files import read_config_file
from autograd_cli.config.reading import is_folder, look
from autograd_cli.config.resolve import resolve
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.keys import Key, whole
from autograd_cli.contract.problem import ModelSignature
from autograd_cli.errors import ConfigError, RunError
from autograd_cli.predict.rows import Rows, parse_numbers, read_rows
from autograd_cli.runs.record import CONFIG, read_record
from autograd_cli.runs.weights import Parameters, read_weights


@dataclass(frozen=True)
class TrainedModel:
    """What a run has learned, ready to predict in NumPy, in the run's own dtype.

    Attributes:
        cell: what the run has trained.
        config: the run's configuration.
        model: the name of the function that its level computes.
        signature: what the model takes.
        parameters: the final parameters.

    """

    cell: Cell
    config: RunConfig
    model: str
    signature: ModelSignature
    parameters: Parameters

    def predict(self, inputs: NDArray[Any], depth: int = 0) -> NDArray[np.floating]:
        """Predictions (N, outputs) for inputs (N, numbers in one).

        Args:
            inputs: rows of finite numbers, cast to the run's dtype.
            depth: the path that a `dynamic` model takes: terms beyond x³, or passes of the middle layer.

        Raises:
            ConfigError: the rows are of the wrong length, an input is not finite in the run's dtype, or
                the model has no such path.

        """
        self._check_depth(depth)
        width = self.signature.inputs
        if inputs.ndim != 2 or inputs.shape[1] != width:
            raise ConfigError(f"inputs of shape {inputs.shape}; the run's model takes (N, {width})")
        with np.errstate(all="ignore"):
            rows = inputs.astype(self.config.dtype)
            bad = inputs[~np.isfinite(rows)]
            if bad.size:
                raise ConfigError(f"input {bad[0]} is not a finite number in the run's {self.config.dtype}")
            y_pred: NDArray[np.floating] = self.cell.problems.predict(
                self.model, self.parameters, rows, depth
            )
        return y_pred

    def training_inputs(self) -> NDArray[np.float64]:
        """The inputs that the run was trained on, drawn again from its seed: (N, numbers in one).

        Raises:
            ConfigError: the arrays do not fit into memory.

        """
        try:
            return self.cell.problems.make(self.config).x.reshape(-1, self.signature.inputs)
        except (MemoryError, OverflowError, ValueError) as error:
            raise ConfigError(f"cannot make the run's training inputs: {error}") from error

    def training_targets(self) -> NDArray[np.float64] | None:
        """The targets of the training inputs in their order, (N, outputs); None if they are not as many."""
        y: NDArray[np.float64] = self.cell.problems.make(self.config).y
        rows = len(self.training_inputs())
        return y.reshape(rows, -1) if rows and y.size % rows == 0 else None

    def _check_depth(self, depth: int) -> None:
        paths = self.signature.paths
        if 0 <= depth < paths:
            return
        if paths == 1:
            raise ConfigError(
                f"depth: implementation '{self.config.impl}' has no path to choose (allowed: 0)", key="depth"
            )
        raise ConfigError(
            f"depth: implementation '{self.config.impl}' has no path {depth} (allowed: 0 to {paths - 1})",
            key="depth",
        )


def load_model(run: Path) -> TrainedModel:
    """The model that the run in directory `run` has trained.

    Raises:
        ConfigError: `run` is not a run directory, or its configuration or weights cannot be used.

    """
    try:
        if not is_folder(run):
            raise ConfigError(f"{run}: {'no such run' if look(run) is None else 'not a run directory'}")
        if look(run / CONFIG) is None:
            raise ConfigError(f"{run}: not a run directory: it has no {CONFIG}")
    except OSError as error:
        raise ConfigError(f"{run}: cannot read: {error.strerror}") from error
    cell, config = resolve({}, read_config_file(run / CONFIG))
    model = _recorded_model(run) or cell.spec.model
    signature = cell.problems.signature(model, config)
    return TrainedModel(cell, config, model, signature, read_weights(run, signature.parameters))


def _recorded_model(run: Path) -> str | None:
    """What a level from outside has said of itself while it trained; its file is not asked again."""
    try:
        return read_record(run).model
    except RunError:
        return None


def find_inputs(
    model: TrainedModel, numbers: Sequence[str], file: Path | None, options: Sequence[str] = ()
) -> Rows:
    """The inputs that somebody asks for: in a file, as arguments, or, with neither, the training inputs.

    Args:
        model: what will predict.
        numbers: arguments of the command line.
        file: a .csv or .npy file.
        options: the command's options, the nearest of which is named where one is mistyped.

    Raises:
        ConfigError: both are given, or one of them does not hold rows that the model takes.

    """
    typed = parse_numbers(numbers, model.signature.inputs, options) if numbers else None
    if file is None:
        return model.training_inputs() if typed is None else typed
    if typed is not None:
        raise ConfigError(
            f"input: the inputs are in '{file}' or among the arguments, not in both", key="input"
        )
    return read_rows(file, model.signature.inputs)


def parse_depth(text: str) -> int:
    """The path that `text` names.

    Raises:
        ConfigError: not a whole number, or negative.

    """
    key = Key("depth", int, "the path that a dynamic model takes", minimum=0)
    try:
        key.parse(text)
        return whole(text)
    except ValueError:
        raise ConfigError(f"depth: depth is '{text}'; it must be {key.allowed}", key="depth") from None
