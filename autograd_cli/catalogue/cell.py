"""One level of one task, resolved once: whoever has a Cell looks nothing up by name any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from autograd_cli.catalogue.blame import blame_class, describe, place_of
from autograd_cli.catalogue.checks import check_class, check_level
from autograd_cli.catalogue.files import load_class, names_class, source_of
from autograd_cli.catalogue.needs import lacks
from autograd_cli.contract.config import RunConfig, sha256_of
from autograd_cli.contract.cost import Cost, CostOf
from autograd_cli.contract.level import Array, BatchClass, Level, LevelClass, ProblemModule
from autograd_cli.contract.task import LevelSpec, Task
from autograd_cli.errors import ConfigError, unknown

if TYPE_CHECKING:
    from autograd_cli.contract.problem import Problem  # imports NumPy


@dataclass(frozen=True)
class Cell:
    """A task, and one of its levels; data until something of it is asked for.

    Attributes:
        task: the task.
        spec: the level.
        given: the level's class, where somebody has handed one over in place of a name.

    """

    task: Task
    spec: LevelSpec
    given: LevelClass | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to another process without what this one has imported."""
        return Cell, (self.task, self.spec, self.given)

    @property
    def travels(self) -> bool:
        """Whether another process can load the level; not so a class of this very program or notebook."""
        return getattr(self.given, "__module__", None) != "__main__"

    @property
    def is_foreign(self) -> bool:
        """Whether the level's code may not be of this package, told without importing it."""
        return self.spec.takes_all or not self.task.package.startswith("autograd_cli.")

    @property
    def label(self) -> str:
        """`mlp / optim`."""
        return f"{self.task.name} / {self.spec.name}"

    @cached_property
    def level_class(self) -> LevelClass:
        """The level's class. Imports the level's framework, which takes a second for torch.

        Raises:
            ConfigError: a level from outside cannot be imported, or lacks a verb; or what the level needs is
                not installed.

        """
        self.check_needs()
        if self.given is not None:
            return check_class(self.given)
        if names_class(self.spec.name):
            return load_class(self.spec.name)
        if not self.spec.target:
            return self._batch_of_one
        if self.is_foreign:
            return check_class(self._import_outside())
        return cast(LevelClass, _import(self.spec.target, self.task.package))

    def check_needs(self) -> None:
        """Refuse a level that cannot run on this machine.

        Raises:
            ConfigError: the extra that it needs, or a compiler, is not installed.

        """
        if missing := lacks(self.spec):
            raise ConfigError(f"level '{self.spec.name}' of task {self.task.name} cannot run: {missing}")

    @cached_property
    def batch_class(self) -> BatchClass:
        """The class that takes many runs at once, of a level that has one."""
        assert self.spec.batch_target is not None
        return cast(BatchClass, _import(self.spec.batch_target, self.task.package))

    @property
    def problems(self) -> ProblemModule:
        """The task's `problem` module, with data and starting values. Imports NumPy."""
        return cast(ProblemModule, import_module(f"{self.task.package}.problem"))

    @cached_property
    def source(self) -> bytes | None:
        """The source of a level of the user's own; None for one whose package's version says it all."""
        if not self.spec.takes_all:
            return None
        in_file = self.given is None and self.spec.name.rpartition(":")[0].endswith(".py")
        return source_of(self.spec.name, None if in_file else self.level_class)

    @cached_property
    def source_digest(self) -> str | None:
        """SHA-256 of `source`, 64 hexadecimal digits."""
        return None if self.source is None else sha256_of(self.source)

    @property
    def is_outside(self) -> bool:
        """Whether the level's class is not of this package, so that anything may be wrong with it."""
        return not str(self.level_class.__module__).startswith("autograd_cli.")

    @property
    def model(self) -> str:
        """The function that the level computes; a class from outside may name one in an attribute `model`.

        Raises:
            ConfigError: no level of the task computes that model.

        """
        model = getattr(self.level_class, "model", None)
        if not self.is_outside or not isinstance(model, str):
            return self.spec.model
        models = list(dict.fromkeys(spec.model for spec in self.task.levels))
        if model not in models:
            raise unknown("model", model, models, f"{place_of(self.level_class)}attribute model")
        return model

    @property
    def has_reference(self) -> bool:
        """Whether the task has a NumPy program of this model, that knows no rule of update."""
        return self.model in self.task.references

    @cached_property
    def reference(self) -> Any:
        """The NumPy program that levels of this model are held against: without one, the lowest level.

        Read anew, for this cell alone: a user's file may have changed the class that others see.
        """
        target = self.task.references.get(self.model) or self.task.levels[0].target
        module, _, name = target.partition(":")
        return getattr(_read_anew(module, self.task.package), name)

    def cost(self, config: RunConfig) -> Cost | None:
        """What a step takes at the least; None for a task that does not tell. Imports no framework."""
        if self.task.cost is None:
            return None
        return cast(CostOf, _import(self.task.cost, self.task.package))(self.spec.model, config)

    @cached_property
    def own_problems(self) -> ProblemModule:
        """`problems`, read anew for this cell alone."""
        return cast(ProblemModule, _read_anew(".problem", self.task.package))

    def make(self, config: RunConfig, problem: "Problem | None" = None) -> Level:
        """The level of `config`, standing at its start.

        Raises:
            ConfigError: the arrays do not fit into memory, or a level from outside breaks or does not show
                its parameters.

        """
        problem = problem or self._make_problem(config)
        try:
            level = self.level_class(problem, config)
        except KeyError as error:
            if not self.is_outside or error.args[0] in problem.start:
                raise
            names = ", ".join(problem.start)
            raise ConfigError(
                f"{self.blame(error)}: task {self.task.name} starts from {names}; "
                "is it a level of another task? (while making the level)"
            ) from error
        except Exception as error:
            if self.is_outside and not isinstance(error, MemoryError):
                raise ConfigError(f"{self.blame(error)} (while making the level)") from error
            raise self._too_large(config, error) from error
        if self.is_outside:
            check_level(level)
        return level

    def _make_problem(self, config: RunConfig) -> "Problem":
        try:
            return self.problems.make(config)
        except Exception as error:
            raise self._too_large(config, error) from error

    def make_batch(self, configs: Sequence[RunConfig]) -> Level:
        """The runs of `configs` as one program, standing at their starts."""
        try:
            return self.batch_class([self.problems.make(config) for config in configs], configs)
        except Exception as error:
            raise self._too_large(configs[0], error) from error

    def blame(self, error: BaseException) -> str:
        """What broke in the level, in one line, with the place in its file."""
        return blame_class(error, self.level_class)

    def _too_large(self, config: RunConfig, error: Exception) -> ConfigError:
        sizes = ", ".join(f"{key}={value}" for key, value in config.options.items() if type(value) is int)
        return ConfigError(f"cannot make the arrays of {sizes}: {self.blame(error)}")

    def _batch_of_one(self, problem: "Problem", config: RunConfig) -> Level:
        return RunOfBatch(self.batch_class([problem], [config]))

    def _import_outside(self) -> Any:
        try:
            return _import(self.spec.target, self.task.package)
        except Exception as error:
            name = f"{self.task.name}.{self.spec.name} = {self.spec.target}"
            raise ConfigError(f"entry point {name}: cannot be loaded: {describe(error)}") from error


class RunOfBatch:
    """One run of a batch as an ordinary level, without the leading dimension; the others go along."""

    def __init__(self, batch: Level, index: int = 0) -> None:
        self._batch, self._index = batch, index

    def forward(self) -> Array:
        """The run's loss."""
        self._losses = self._batch.forward()
        return self._losses[self._index]

    def backward(self, loss: Array) -> None:  # noqa: ARG002 - it is one of those that forward() has kept
        """The batch's own."""
        self._batch.backward(self._losses)

    def update(self) -> None:
        """The batch's own."""
        self._batch.update()

    @property
    def parameters(self) -> dict[str, Array]:
        """The run's."""
        return {name: array[self._index] for name, array in self._batch.parameters.items()}

    @property
    def gradients(self) -> dict[str, Array]:
        """The run's."""
        return {name: array[self._index] for name, array in self._batch.gradients.items()}


def of_class(task: Task, level_class: LevelClass) -> Cell:
    """The cell of a class that was handed over, such as one from a cell of a notebook."""
    check_class(level_class)
    name = f"{level_class.__module__}:{level_class.__qualname__}"  # type: ignore[attr-defined]
    models = [spec.model for spec in task.levels if spec.model == getattr(level_class, "model", None)]
    model = (models or [task.model])[0]
    return Cell(task, LevelSpec(name, "", "a level of your own", model, takes_all=True), level_class)


def _read_anew(module: str, package: str) -> ModuleType:
    spec = find_spec(module, package)
    assert spec is not None
    assert spec.loader is not None
    fresh = module_from_spec(spec)
    spec.loader.exec_module(fresh)
    return fresh


def _import(target: str, package: str) -> Any:
    module, _, name = target.partition(":")
    found: Any = import_module(module, package)
    for part in name.split("."):
        found = getattr(found, part)
    return found
