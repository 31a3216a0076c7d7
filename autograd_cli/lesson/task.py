"""A task as a lesson: its data, its levels and its keys."""

import ast
from dataclasses import dataclass

from autograd_cli.catalogue.cell import Cell
from autograd_cli.contract.task import LevelSpec, Task
from autograd_cli.errors import ConfigError
from autograd_cli.lesson.keys import KeyDefault, keys_of_task, path_of_defaults
from autograd_cli.lesson.level import Lesson, read_lesson
from autograd_cli.lesson.source import Source, read_module


@dataclass(frozen=True)
class TaskLesson:
    """A task, as its sources show it.

    Attributes:
        task: the task, with what installed packages add to it.
        about: what the task says of itself, its model and its loss.
        data: what its `problem.py` says of data and start.
        problem_path: that file, as a person here would write it.
        levels: each level with its lesson, or with what is wrong with its source.
        keys: the keys of its configurations.
        defaults_path: the file of their defaults.

    """

    task: Task
    about: str
    data: str
    problem_path: str
    levels: list[tuple[LevelSpec, Lesson | ConfigError]]
    keys: list[KeyDefault]
    defaults_path: str


def read_task(task: Task) -> TaskLesson:
    """The lesson that a task's sources are.

    Raises:
        ConfigError: its package, its `problem.py` or its defaults cannot be read.

    """
    problem = read_module(f"{task.package}.problem", task.name)
    return TaskLesson(
        task,
        ast.get_docstring(read_module(task.package, task.name).tree) or task.summary,
        _data(problem),
        problem.path,
        [(spec, _try_to_read(Cell(task, spec))) for spec in task.levels],
        keys_of_task(task),
        path_of_defaults(task),
    )


def _data(problem: Source) -> str:
    makes = [node for node in problem.tree.body if isinstance(node, ast.FunctionDef) and node.name == "make"]
    return (ast.get_docstring(makes[0]) if makes else None) or ""


def _try_to_read(cell: Cell) -> Lesson | ConfigError:
    try:
        return read_lesson(cell)
    except ConfigError as error:  # a package that is broken takes no other level along
        return error
