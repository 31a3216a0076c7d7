"""Which tasks and levels there are, by name. Looking up, listing and completing import no framework."""

from dataclasses import replace
from functools import cache

from autograd_cli.catalogue.cell import Cell
from autograd_cli.catalogue.files import model_in_source, names_class
from autograd_cli.catalogue.installed import added_levels, installed_tasks
from autograd_cli.contract.task import LevelSpec, Task
from autograd_cli.errors import ConfigError, unknown
from autograd_cli.tasks import linear, mlp, sin, softmax

TASKS: dict[str, Task] = {task.name: task for task in (mlp.TASK, sin.TASK, linear.TASK, softmax.TASK)}


@cache
def all_tasks() -> dict[str, Task]:
    """The tasks of this package and of installed ones, with the levels that those add."""
    tasks = TASKS | installed_tasks()
    return {name: replace(task, levels=(*task.levels, *added_levels(task))) for name, task in tasks.items()}


def level_names() -> list[str]:
    """Every value of `impl`, lowest level first."""
    return list(dict.fromkeys(spec.name for task in all_tasks().values() for spec in task.levels))


def find_task(name: str, where: str) -> Task:
    """The task called `name`.

    Raises:
        ConfigError: there is none; `where` says where the name came from.

    """
    # Ours first: what installed packages add to them is only looked for where it is asked for.
    if name in TASKS:
        return TASKS[name]
    if name not in all_tasks():
        raise unknown("task", name, all_tasks(), where)
    return all_tasks()[name]


def find_level(task: Task, name: str, where: str) -> LevelSpec:
    """The level of `task` called `name`, or one of the user's own if `name` is FILE.py:Class or MODULE:Class.

    Raises:
        ConfigError: the task has no such level; `where` says where the name came from.

    """
    if names_class(name):
        return LevelSpec(
            name, "", "a level of your own", known_model(task, model_in_source(name)), takes_all=True
        )
    for spec in task.levels:
        if spec.name == name:
            return spec
    specs = {spec.name: spec for spec in (*task.levels, *added_levels(task))}
    if name in task.absent and name not in specs:
        raise ConfigError(
            f"{where}: task {task.name} has no implementation '{name}': {task.absent[name]} "
            f"(allowed: {', '.join(specs)})"
        )
    if name not in specs:
        raise unknown(f"implementation of task {task.name}", name, specs, where)
    return specs[name]


def known_model(task: Task, model: object) -> str:
    """`model` if the task has one of that name, otherwise the lowest level's."""
    return next((spec.model for spec in task.levels if spec.model == model), task.model)


def find_cell(task: str, impl: str, where: str = "impl") -> Cell:
    """The cell of a task and a level, by their names.

    Raises:
        ConfigError: as of `find_task` and `find_level`.

    """
    found = find_task(task, where)
    return Cell(found, find_level(found, impl, where))
