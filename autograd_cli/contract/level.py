"""What a level is: three verbs and two views. The loop, the checks and the measurements need no more."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from autograd_cli.contract.config import RunConfig
    from autograd_cli.contract.problem import ModelSignature, Problem

# A NumPy array, a torch tensor, or another framework's array that `numpy.asarray` understands.
Array = Any


class Level(Protocol):
    """One implementation of a task, holding its data, its parameters and nothing else."""

    def forward(self) -> Array:
        """Compute the predictions and return the loss: 0-d, still on its device, with `.item()`."""

    def backward(self, loss: Array) -> None:
        """Make the gradients of `loss`, the value that `forward` returned."""

    def update(self) -> None:
        """Change the parameters by one step of the optimiser."""

    @property
    def parameters(self) -> Mapping[str, Array]:
        """The parameters as they stand, by the task's names, each in the shape of its start."""

    @property
    def gradients(self) -> Mapping[str, Array]:
        """The gradients of the last `backward`, by the same names and in the same shapes."""


class LevelClass(Protocol):
    """How a level is made: from the shared arrays, which it casts and moves, and the configuration."""

    def __call__(self, problem: "Problem", config: "RunConfig") -> Level:
        """A level standing at the problem's start."""


class BatchClass(Protocol):
    """How many runs become one program: losses are (R,), and every array has a leading run dimension.

    Attributes:
        per_run: the keys in which the runs of one batch may differ.

    """

    per_run: frozenset[str]

    def __call__(self, problems: "Sequence[Problem]", configs: "Sequence[RunConfig]") -> Level:
        """R runs standing at their problems' starts."""

    def bytes_per_run(self, config: "RunConfig") -> int:
        """Working memory that a run adds to a batch."""


class ProblemModule(Protocol):
    """A task's `problem.py`."""

    def make(self, config: "RunConfig") -> "Problem":
        """Data and start for `config`, the same for every level of the task."""

    def describe(self, model: str, parameters: Mapping[str, Array]) -> str | None:
        """The fitted model as a formula, or None where a formula would tell nothing."""

    def signature(self, model: str, config: "RunConfig") -> "ModelSignature":
        """What the model takes: numbers in an input, shapes of the parameters, paths to choose from."""

    def predict(self, model: str, parameters: Mapping[str, Array], inputs: Array, depth: int) -> Array:
        """Predictions (N, outputs) of NumPy inputs (N, numbers in one) by NumPy parameters.

        `depth` counts from 0 and is the path that a model with several takes; others pass over it.
        """
