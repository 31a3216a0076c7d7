"""Which levels to verify, and how strictly."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import isfinite

from autograd_cli.catalogue.external import is_external
from autograd_cli.catalogue.registry import all_tasks, find_implementation, find_task, implementation_names
from autograd_cli.config.files import Setting
from autograd_cli.config.resolve import parse_assignment, parse_value
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.keys import COMMON_KEYS
from autograd_cli.contract.task import Implementation, Task
from autograd_cli.errors import ConfigError, unknown

Cell = tuple[Task, Implementation]

TOLERANCE = 1e-9
LONGEST_RUN = 2000
QUICK_STEPS = 50

# Keys that verify sets itself: they have options, or equivalence depends on them.
_OWN_KEYS = (
    "task",
    "impl",
    "steps",
    "dtype",
    "device",
    "threads",
    "bias",
    "optimizer",
    "momentum",
)


@dataclass(frozen=True)
class Plan:
    """What to verify, and how strictly.

    Attributes:
        steps: steps in lockstep; None for as many as the level trains, up to 2,000.
        tolerance: of the relative differences between a level and its reference.
        dtype: of the lockstep.
        quick: shorten everything.
        settings: further keys of the configuration, such as the sizes of the arrays.
    """

    steps: int | None = None
    tolerance: float = TOLERANCE
    dtype: str = "float64"
    quick: bool = False
    settings: Mapping[str, Setting] = field(default_factory=dict)

    def steps_of(self, config: RunConfig) -> int:
        """How many steps to compare of a level that trains as `config` says."""
        return self.steps or min(config.steps, QUICK_STEPS if self.quick else LONGEST_RUN)

    @property
    def repeated_steps(self) -> int:
        """Steps of the runs that are repeated: what differs at all differs within a few steps."""
        return 10 if self.quick else 50

    @property
    def directions(self) -> int:
        """Random directions, and coordinates, per parameter to check gradients along."""
        return 1 if self.quick else 3


def choose_cells(task: str | None, impls: str | None) -> list[Cell]:
    """The levels that `--task` and `--impl` name; all of a task's, or of every task, where they name none.

    Raises:
        ConfigError: an unknown task, or a level that no task chosen has.
    """
    tasks = [find_task(task, "--task")] if task else list(all_tasks().values())
    if impls is None:
        return [(one, row) for one in tasks for row in one.implementations]
    names = impls.split(",")
    if task is None and any(is_external(name) for name in names):
        raise ConfigError("--task is missing: a level of your own does not say which task it is of")
    if len(tasks) == 1:
        return [(tasks[0], find_implementation(tasks[0], name, "--impl")) for name in names]
    for name in names:
        if name not in implementation_names():
            raise unknown("implementation", name, implementation_names(), "--impl")
    return [(one, row) for one in tasks for row in one.implementations if row.name in names]


def make_plan(
    steps: str | None, tolerance: str, dtype: str, quick: bool, assignments: Iterable[str] = ()
) -> Plan:
    """The plan that the options of `evo verify` describe.

    Raises:
        ConfigError: a value out of range, or a key that verify sets itself.
    """
    settings: dict[str, Setting] = {}
    for argument in assignments:
        name, setting = parse_assignment(argument)
        if name in _OWN_KEYS:
            raise ConfigError(f"{setting.where}: evo verify sets {name} itself, or has an option for it")
        if name in settings:
            raise ConfigError(f"{setting.where}: {name} is given twice, also by {settings[name].where}")
        settings[name] = setting
    least_one = replace(COMMON_KEYS["steps"], minimum=1)
    taken = parse_value(least_one, Setting(steps, "--steps")) if steps is not None else None
    dtype = parse_value(COMMON_KEYS["dtype"], Setting(dtype, "--dtype"))
    return Plan(taken, _parse_tolerance(tolerance), dtype, quick, settings)


def _parse_tolerance(text: str) -> float:
    with suppress(ValueError):
        if isfinite(value := float(text)) and value >= 0:
            return value
    raise ConfigError(f"--tolerance: '{text}' must be a finite number, 0 or more, such as 1e-9")
