"""Levels and tasks that are not in this package: a class in a user's file, or an installed package's.

`--impl FILE.py:Class` names a class in a file that was never installed. A package announces what it has in
the entry-point group `autograd_cli`: an entry `mlp.jax = pkg.levels:JaxMlp` is a level `jax` of task `mlp`,
and an entry without a dot, such as `spiral = pkg.spiral:TASK`, is a Task of its own.
"""

import inspect
import sys
import traceback
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from autograd_cli.errors import ConfigError, unknown
from autograd_cli.level import LevelClass

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINT_GROUP = "autograd_cli"

VERBS = ("forward", "backward", "update")
VIEWS = ("parameters", "gradients")


def is_external(name: str) -> bool:
    """Whether an implementation's name is of the form FILE.py:Class."""
    return ".py:" in name


def installed() -> "dict[str, EntryPoint]":
    """The entry points of installed packages, by name."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - 15 ms that a level of our own need not pay

    return {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP)}


def load_entry_point(entry: "EntryPoint") -> Any:
    """What an entry point names.

    Raises:
        ConfigError: importing it fails.
    """
    try:
        return entry.load()
    except Exception as error:
        raise ConfigError(
            f"entry point {entry.name} = {entry.value}: cannot be loaded: {describe(error)}"
        ) from error


def load_class(name: str) -> LevelClass:
    """The class that `FILE.py:Class` names.

    Raises:
        ConfigError: there is no such file or class, importing the file fails, or the class lacks a verb.
    """
    file, _, class_name = name.rpartition(":")
    path = Path(file)
    module = _import_file(path)
    classes = {
        k: v for k, v in vars(module).items() if isinstance(v, type) and v.__module__ == module.__name__
    }
    if class_name not in classes:
        raise unknown("class", class_name, classes, str(path))
    found = classes[class_name]
    missing = [verb for verb in VERBS if not callable(getattr(found, verb, None))]
    if missing:
        line = inspect.getsourcelines(found)[1]
        raise ConfigError(f"{path}:{line}: class {class_name} lacks {_verbs(missing)}")
    return cast(LevelClass, found)


def check_views(level: Any, name: str) -> None:
    """Refuse a level made from a user's class if it does not show its parameters and gradients.

    Raises:
        ConfigError: a view is missing, or `parameters` is not a mapping.
    """
    found = type(level)
    # `gradients` may rightly fail before the first backward(): only its being there can be asked for now.
    missing = [view for view in VIEWS if not hasattr(found, view) and view not in vars(level)]
    if missing and "parameters" in missing:
        line = inspect.getsourcelines(found)[1]
        raise ConfigError(f"{name.rpartition(':')[0]}:{line}: class {found.__name__} lacks {_verbs(missing)}")


def blame(error: BaseException, file: str | None) -> str:
    """`my_levels.py:31: ValueError: …`: the last line of `file` on the way to the error, and the error."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_shown(error.filename)}:{error.lineno}: {type(error).__name__}: {error.msg}"
    own = [
        frame
        for frame in frames
        if file is not None and Path(frame.filename).resolve() == Path(file).resolve()
    ]
    place = f"{_shown(own[-1].filename)}:{own[-1].lineno}: " if own else ""
    return place + describe(error)


def describe(error: BaseException) -> str:
    """An exception in one line: its type and the first line of its message."""
    first_line = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise ConfigError(f"--impl: there is no file '{path}'")
    name = f"evo_external_{path.stem}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"--impl: '{path}' is not a Python file")
    module = module_from_spec(spec)
    # Where the file's own imports of its neighbours, and pickling, look for it.
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise ConfigError(f"{blame(error, str(path))} (while importing {path})") from error
    return module


def _verbs(missing: list[str]) -> str:
    return f"{' and '.join(missing)} (a level has {', '.join(VERBS + VIEWS)})"


def _shown(filename: str) -> str:
    """A path as the user knows it: below the current folder, relative to it."""
    path = Path(filename)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else filename


def level_entries(task: str) -> "Iterator[tuple[str, EntryPoint]]":
    """Name and entry point of each installed level of `task`."""
    for name, entry in installed().items():
        of_task, dot, level = name.partition(".")
        if dot and of_task == task:
            yield level, entry
