"""Tasks and levels as lessons: the code that runs, and what a step from one level to another changes."""

from autograd_cli.api.given import LevelName, classes_in, level_of
from autograd_cli.catalogue.cell import Cell, of_class
from autograd_cli.catalogue.registry import all_tasks, find_level, find_task
from autograd_cli.config.files import Setting
from autograd_cli.contract.task import Task
from autograd_cli.display.lessons import LESSON_FORMATS, TASK_FORMATS
from autograd_cli.display.steps import STEP_FORMATS
from autograd_cli.errors import ConfigError, choose
from autograd_cli.lesson import level, step
from autograd_cli.lesson import task as task_lesson
from autograd_cli.lesson.keys import KeyDefault, keys_of_level, path_of_defaults


class Lesson:
    """A level or a task with its code and its keys; it prints itself, in a notebook too.

    Attributes:
        content: what its sources say, unformatted.
        keys: its keys, with their defaults.

    """

    def __init__(self, content: level.Lesson | task_lesson.TaskLesson, keys: list[KeyDefault]) -> None:
        self.content = content
        self.keys = keys

    def text(self, format: str = "text") -> str:  # noqa: A002 - the word that the command line has for it
        """The lesson as `text`, `html` or `markdown`.

        Raises:
            ConfigError: another format.

        """
        content = self.content
        if isinstance(content, task_lesson.TaskLesson):
            return choose(format, TASK_FORMATS, "format")(content)
        show = choose(format, LESSON_FORMATS, "format")
        return show(content, self.keys, path_of_defaults(content.task))

    def __repr__(self) -> str:
        """The text."""
        return self.text().rstrip("\n")

    def _repr_html_(self) -> str:
        return self.text("html")


class Difference:
    """What a step from one level to another changes; it prints itself, in a notebook too.

    Attributes:
        content: the step, part by part and line by line.

    """

    def __init__(self, content: step.Step) -> None:
        self.content = content

    def text(self, format: str = "text") -> str:  # noqa: A002 - the word that the command line has for it
        """The step as `text`, `html` or `markdown`.

        Raises:
            ConfigError: another format.

        """
        return choose(format, STEP_FORMATS, "format")(self.content)

    def __repr__(self) -> str:
        """The text."""
        return self.text().rstrip("\n")

    def _repr_html_(self) -> str:
        return self.text("html")


def show(task: str | Setting, impl: LevelName | None = None) -> Lesson:
    """A level: its code, what it teaches, its keys. Without `impl` the task: its data, its levels, its keys.

    The source is read, and nothing of it is imported.

    Args:
        task: the task.
        impl: a level's name, `FILE.py:Class`, `MODULE:Class`, or a class.

    Raises:
        ConfigError: there is no such task or level, or its source cannot be read.

    """
    found = _task(task)
    if impl is None:
        content = task_lesson.read_task(all_tasks()[found.name])
        return Lesson(content, content.keys)
    lesson = _lesson(found, impl, "impl")
    return Lesson(lesson, keys_of_level(lesson.task, lesson.spec))


def diff(task: str | Setting, lower: LevelName, upper: LevelName) -> Difference:
    """What the step from level `lower` to level `upper` changes, verb by verb.

    Raises:
        ConfigError: as of `show`.

    """
    found = _task(task)
    return Difference(step.Step(_lesson(found, lower, "lower"), _lesson(found, upper, "upper")))


def _task(task: str | Setting) -> Task:
    setting = Setting.of("task", task)
    return find_task(setting.text, setting.where)


def _lesson(task: Task, impl: LevelName, key: str) -> level.Lesson:
    """The lesson of the level that the argument `key` names; mistakes name that argument."""
    for level_class in classes_in(impl).values():
        return level.read_lesson(of_class(task, level_class))
    setting = Setting.of(key, level_of(impl))
    try:
        return level.read_lesson(Cell(task, find_level(task, setting.text, setting.where)))
    except ConfigError as error:
        if error.key != "impl" or setting.where == "impl":
            raise
        raise ConfigError(f"{setting.where}{error.message.removeprefix('impl')}") from None
