"""What can be trained: (task, implementation) to the class that does it.

The registry is data. Looking up, listing and completing import no framework; only `load_level` does.
"""

from importlib import import_module
from typing import cast

from autograd_cli.errors import ConfigError, unknown
from autograd_cli.level import LevelClass, ProblemModule
from autograd_cli.tasks import linear, mlp, sin, softmax
from autograd_cli.tasks.description import Implementation, Task

TASKS: dict[str, Task] = {task.name: task for task in (mlp.TASK, sin.TASK, linear.TASK, softmax.TASK)}


def implementation_names() -> list[str]:
    """Every value of `--impl`, lowest level first."""
    return list(dict.fromkeys(row.name for task in TASKS.values() for row in task.implementations))


def find_task(name: str, where: str) -> Task:
    """The task called `name`.

    Raises:
        ConfigError: there is none; `where` says where the name came from.

    """
    if name not in TASKS:
        raise unknown("task", name, TASKS, where)
    return TASKS[name]


def find_implementation(task: Task, name: str, where: str) -> Implementation:
    """The level of `task` called `name`.

    Raises:
        ConfigError: the task has no such level; `where` says where the name came from.

    """
    rows = {row.name: row for row in task.implementations}
    if name in task.absent:
        raise ConfigError(
            f"{where}: task {task.name} has no implementation '{name}': {task.absent[name]} "
            f"(allowed: {', '.join(rows)})"
        )
    if name not in rows:
        raise unknown(f"implementation of task {task.name}", name, rows, where)
    return rows[name]


def load_level(task: Task, implementation: Implementation) -> LevelClass:
    """The level's class. Imports the level's framework, which takes a second for torch."""
    module = import_module(f"{task.package}.{implementation.name}")
    return cast(LevelClass, getattr(module, task.level))


def load_problem(task: Task) -> ProblemModule:
    """The task's `problem` module, with data and starting values. Imports NumPy."""
    return cast(ProblemModule, import_module(f"{task.package}.problem"))
