"""Which levels to verify, and how strictly."""

from dataclasses import dataclass, replace

from autograd_cli.config import RunConfig, Setting, parse_value
from autograd_cli.errors import ConfigError, unknown
from autograd_cli.external import is_external
from autograd_cli.keys import COMMON_KEYS
from autograd_cli.registry import all_tasks, find_implementation, find_task, implementation_names
from autograd_cli.tasks.description import Implementation, Task

Cell = tuple[Task, Implementation]

TOLERANCE = 1e-9
LONGEST_RUN = 2000
QUICK_STEPS = 50


@dataclass(frozen=True)
class Plan:
    """What to verify, and how strictly.

    Attributes:
        steps: steps in lockstep; None for as many as the level trains, up to 2,000.
        tolerance: of the relative differences between a level and its reference.
        dtype: of the lockstep.
        quick: shorten everything.
    """

    steps: int | None = None
    tolerance: float = TOLERANCE
    dtype: str = "float64"
    quick: bool = False

    def steps_of(self, config: RunConfig) -> int:
        """How many steps to compare of a level that trains as `config` says."""
        return self.steps or min(config.steps, QUICK_STEPS if self.quick else LONGEST_RUN)

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


def make_plan(steps: str | None, tolerance: float, dtype: str, quick: bool) -> Plan:
    """The plan that the options of `evo verify` describe.

    Raises:
        ConfigError: a value out of range.
    """
    if not tolerance >= 0:
        raise ConfigError(f"--tolerance: {tolerance} must be 0 or more")
    least_one = replace(COMMON_KEYS["steps"], minimum=1)
    taken = parse_value(least_one, Setting(steps, "--steps")) if steps is not None else None
    return Plan(taken, tolerance, parse_value(COMMON_KEYS["dtype"], Setting(dtype, "--dtype")), quick)
