"""A run once more, for the parameters that it had on its way, which no run directory keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_cli.catalogue.cell import Cell
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.level import Array, Level
from autograd_cli.training.device import use_device
from autograd_cli.training.loop import train
from autograd_cli.training.threads import set_threads


@dataclass(frozen=True)
class Moment:
    """A step of a run.

    Attributes:
        step: the step; that of the number of steps is the end.
        loss: the loss before the step's update; None at the end, which no loss was computed for.
        parameters: the parameters that the loss is of, as NumPy arrays.

    """

    step: int
    loss: float | None
    parameters: Mapping[str, Any]


def replay(cell: Cell, config: RunConfig, steps: Sequence[int]) -> tuple[list[Moment], list[float]]:
    """Train again from the configuration: what stood at each of `steps`, ascending, and every loss.

    On the same machine with the same versions the losses are those of the run, to the last bit. Ends early
    where a loss is not finite.

    Raises:
        ConfigError: the device is not there, or the level cannot be made.

    """
    set_threads(config.threads)
    cell.level_class  # noqa: B018 - its framework is imported before the device is asked for
    use_device(config)
    watched = _Watched(cell.make(config), set(steps))
    losses = [loss for batch in train(watched, config.steps) for loss in batch.losses]
    moments = [
        Moment(step, losses[step], parameters)
        for step, parameters in watched.seen.items()
        if step < len(losses)
    ]
    if len(losses) == config.steps:
        moments.append(Moment(config.steps, None, watched.parameters_now()))
    return moments, losses


class _Watched:
    """A level that keeps its parameters of some steps."""

    def __init__(self, level: Level, steps: set[int]) -> None:
        self._level, self._steps = level, steps
        self._step = 0
        self.seen: dict[int, dict[str, Any]] = {}
        self.backward, self.update = level.backward, level.update

    def forward(self) -> Array:
        if self._step in self._steps:
            self.seen[self._step] = self.parameters_now()
        self._step += 1
        return self._level.forward()

    def parameters_now(self) -> dict[str, Any]:
        from autograd_cli.contract.arrays import to_numpy  # NumPy waits for its number of threads

        return {name: to_numpy(array).copy() for name, array in self._level.parameters.items()}

    @property
    def parameters(self) -> Mapping[str, Array]:
        return self._level.parameters

    @property
    def gradients(self) -> Mapping[str, Array]:
        return self._level.gradients
