"""What can be trained: (task, implementation) to the class that does it.

The registry is data. Looking up, listing and completing import no framework; only `load_level` does.
"""

from dataclasses import replace
from importlib import import_module
from typing import cast

from autograd_cli.catalogue import external
from autograd_cli.contract.level import LevelClass, ProblemModule
from autograd_cli.contract.task import Implementation, Task
from autograd_cli.errors import ConfigError, unknown
from autograd_cli.tasks import linear, mlp, sin, softmax

TASKS: dict[str, Task] = {task.name: task for task in (mlp.TASK, sin.TASK, linear.TASK, softmax.TASK)}


def all_tasks() -> dict[str, Task]:
    """The tasks of this package and of installed ones, the latter with the levels that they add to ours."""
    tasks = dict(TASKS)
    for name, entry in external.installed().items():
        if "." not in name:
            tasks[name] = external.load_entry_point(entry)
    return {name: replace(task, implementations=_rows(task)) for name, task in tasks.items()}


def implementation_names() -> list[str]:
    """Every value of `--impl`, lowest level first."""
    return list(dict.fromkeys(row.name for task in all_tasks().values() for row in task.implementations))


def find_task(name: str, where: str) -> Task:
    """The task called `name`.

    Raises:
        ConfigError: there is none; `where` says where the name came from.
    """
    if name in TASKS:
        return TASKS[name]
    tasks = all_tasks()
    if name not in tasks:
        raise unknown("task", name, tasks, where)
    return tasks[name]


def find_implementation(task: Task, name: str, where: str) -> Implementation:
    """The level of `task` called `name`, or the one in a user's file if `name` is FILE.py:Class.

    Raises:
        ConfigError: the task has no such level; `where` says where the name came from.
    """
    if external.is_external(name):
        return Implementation(name, "a level of your own", task.implementations[0].model)
    for row in task.implementations:
        if row.name == name:
            return row
    rows = {row.name: row for row in _rows(task)}
    if name in task.absent and name not in rows:
        raise ConfigError(
            f"{where}: task {task.name} has no implementation '{name}': {task.absent[name]} "
            f"(allowed: {', '.join(rows)})"
        )
    if name not in rows:
        raise unknown(f"implementation of task {task.name}", name, rows, where)
    return rows[name]


def load_level(task: Task, implementation: Implementation) -> LevelClass:
    """The level's class. Imports the level's framework, which takes a second for torch.

    Raises:
        ConfigError: a level from outside cannot be imported, or lacks a verb.
    """
    if external.is_external(implementation.name):
        return external.load_class(implementation.name)
    for name, entry in (
        external.level_entries(task.name) if implementation not in task.implementations else ()
    ):
        if name == implementation.name:
            return external.check_class(external.load_entry_point(entry))
    module = import_module(f"{task.package}.{implementation.name}")
    return cast(LevelClass, getattr(module, task.level))


def with_model(task: Task, implementation: Implementation, level_class: LevelClass) -> Implementation:
    """The level with the model that it computes; a class from outside may name one in an attribute `model`.

    Raises:
        ConfigError: no level of `task` computes that model.
    """
    model = getattr(level_class, "model", None)
    if not external.is_outside(level_class) or not isinstance(model, str):
        return implementation
    models = list(dict.fromkeys(row.model for row in task.implementations))
    if model not in models:
        raise unknown("model", model, models, f"{external.place_of(level_class)}attribute model")
    return replace(implementation, model=model)


def load_reference(task: Task, model: str) -> LevelClass:
    """The NumPy program that levels of `model` are held against: the lowest level, or of `reference.py`."""
    if model == task.implementations[0].model:
        return load_level(task, task.implementations[0])
    references: dict[str, LevelClass] = import_module(f"{task.package}.reference").REFERENCES
    return references[model]


def load_problem(task: Task) -> ProblemModule:
    """The task's `problem` module, with data and starting values. Imports NumPy."""
    return cast(ProblemModule, import_module(f"{task.package}.problem"))


def _rows(task: Task) -> tuple[Implementation, ...]:
    """The task's levels, and those that installed packages add to it."""
    added = [
        Implementation(name, f"from {entry.value}", task.implementations[0].model)
        for name, entry in external.level_entries(task.name)
    ]
    return (*task.implementations, *added)
