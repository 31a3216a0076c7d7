"""Which levels to verify, and how strictly."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from autograd_cli.catalogue.cell import Cell, of_class
from autograd_cli.catalogue.files import names_class
from autograd_cli.catalogue.needs import lacks
from autograd_cli.catalogue.registry import all_tasks, find_level, find_task, level_names
from autograd_cli.config.files import Setting
from autograd_cli.config.resolve import parse_value
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.keys import COMMON_KEYS, real
from autograd_cli.contract.level import LevelClass
from autograd_cli.contract.task import LevelSpec
from autograd_cli.errors import ConfigError, unknown

TOLERANCE = 1e-9
# Beyond it two trainings are not the same, whatever their user is content with.
LARGEST_TOLERANCE = 1e-3
LONGEST_RUN = 2000
QUICK_STEPS = 50

# Keys that verify sets itself or has an argument for.
_OWN_KEYS = ("task", "impl", "steps", "dtype", "device", "threads")


@dataclass(frozen=True)
class Plan:
    """What to verify, and how strictly.

    Attributes:
        steps: steps in lockstep; None for as many as the level trains, up to 2,000.
        tolerance: of the relative differences between a level and its reference.
        dtype: of the lockstep.
        device: where the levels run, the host if None; the reference is always there.
        quick: shorten everything.
        settings: further keys of the configuration, such as the sizes of the arrays.
    """

    steps: int | None = None
    tolerance: float = TOLERANCE
    dtype: str = "float64"
    device: Setting | None = None
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


def choose_cells(
    task: Setting | None,
    impls: Setting | None,
    classes: Mapping[str, LevelClass] | None = None,
    device: Setting | None = None,
) -> list[Cell]:
    """The levels that `task` and `impls` name; all of a task's, or of every task, where they name none.

    Args:
        task: the task's name.
        impls: names of levels, with commas between them.
        classes: levels that were handed over as classes, by what `impls` calls them.
        device: of levels that are not named, only those that run on it, and none that is `left_out`.

    Raises:
        ConfigError: an unknown task, or a level that no task chosen has.

    """
    tasks = [find_task(task.text, task.where)] if task else list(all_tasks().values())
    if impls is None:
        runs_on = device.text if device else "cpu"
        cells = [Cell(one, spec) for one in tasks for spec in one.levels if runs_on in spec.devices]
        return [cell for cell in cells if _why_not(cell.spec) is None]
    classes = classes or {}
    names = impls.text.split(",")
    if task is None and any(names_class(name) or name in classes for name in names):
        raise ConfigError("task is missing: a level of your own does not say which task it is of", key="task")
    if len(tasks) == 1:
        return [
            of_class(tasks[0], classes[name])
            if name in classes
            else Cell(tasks[0], find_level(tasks[0], name, impls.where))
            for name in names
        ]
    for name in names:
        if name not in level_names():
            raise unknown("implementation", name, level_names(), impls.where)
    return [Cell(one, spec) for one in tasks for spec in one.levels if spec.name in names]


def left_out(task: Setting | None, impls: Setting | None) -> list[str]:
    """What `choose_cells` leaves out because nobody has named it, a level and the reason each."""
    tasks = [find_task(task.text, task.where)] if task else list(all_tasks().values())
    specs = [] if impls else [spec for one in tasks for spec in one.levels]
    found = {spec.name: why for spec in specs if (why := _why_not(spec))}
    return [f"{name} ({why})" for name, why in found.items()]


def _why_not(spec: LevelSpec) -> str | None:
    return "it compiles for a minute" if spec.compiles else lacks(spec)


def make_plan(
    settings: Mapping[str, Setting],
    *,
    steps: Setting | None = None,
    tolerance: Setting | None = None,
    dtype: Setting | None = None,
    device: Setting | None = None,
    quick: bool = False,
) -> Plan:
    """How to verify.

    Args:
        settings: keys of the configuration.
        steps: steps in lockstep; by default as many as a level trains.
        tolerance: the largest relative difference that passes; 1e-9 by default.
        dtype: of the lockstep; float64 by default.
        device: where the levels run; cpu by default.
        quick: shorten everything.

    Raises:
        ConfigError: a value out of range, or a key that verify sets itself.

    """
    for name, setting in settings.items():
        if name in _OWN_KEYS:
            raise ConfigError(f"{setting.where}: evo verify sets {name} itself, or has an option for it")
    if device:
        parse_value(COMMON_KEYS["device"], device)
    at_least_one = replace(COMMON_KEYS["steps"], minimum=1)
    return Plan(
        parse_value(at_least_one, steps) if steps else None,
        _parse_tolerance(tolerance) if tolerance else TOLERANCE,
        parse_value(COMMON_KEYS["dtype"], dtype) if dtype else "float64",
        device,
        quick,
        settings,
    )


def _parse_tolerance(setting: Setting) -> float:
    with suppress(ValueError):
        if 0 <= (value := real(setting.text)) <= LARGEST_TOLERANCE:
            return value
    raise ConfigError(
        f"{setting.where}: '{setting.text}' must be a number from 0 to {LARGEST_TOLERANCE:g}, such as 1e-9"
    )
