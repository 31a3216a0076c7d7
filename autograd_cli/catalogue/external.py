"""Levels and tasks that are not in this package: a class in a user's file, or an installed package's.

`--impl FILE.py:Class` names a class in a file that was never installed. A package announces what it has in
the entry-point group `autograd_cli`: an entry `mlp.jax = pkg.levels:JaxMlp` is a level `jax` of task `mlp`,
and an entry without a dot, such as `spiral = pkg.spiral:TASK`, is a Task of its own.
"""

import inspect
import sys
import traceback
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from autograd_cli.contract.level import LevelClass
from autograd_cli.errors import ConfigError, EvoError, unknown

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINT_GROUP = "autograd_cli"

VERBS = ("forward", "backward", "update")
VIEWS = ("parameters", "gradients")


def is_outside(level_class: Any) -> bool:
    """Whether a level's class is not of this package."""
    return not str(level_class.__module__).startswith("autograd_cli.")


def is_external(name: str) -> bool:
    """Whether an implementation's name is of the form FILE.py:Class."""
    return ".py:" in name


def installed() -> "dict[str, EntryPoint]":
    """The entry points of installed packages, by name."""
    from importlib.metadata import entry_points  # 15 ms that a level of our own need not pay

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
    if not path.is_file():
        raise ConfigError(f"--impl: there is no file '{path}'")
    module = _import_file(path.resolve())
    classes = {
        k: v for k, v in vars(module).items() if isinstance(v, type) and v.__module__ == module.__name__
    }
    found = vars(module).get(class_name)
    if not isinstance(found, type):
        if not classes:
            raise ConfigError(f"{path}: there is no class '{class_name}', nor any other, in this file")
        raise unknown("class", class_name, classes, str(path))
    return check_class(found)


def check_class(found: Any) -> LevelClass:
    """`found`, if it is a class with the three verbs.

    Raises:
        ConfigError: it is not.
    """
    missing = [verb for verb in VERBS if not callable(getattr(found, verb, None))]
    if missing:
        raise ConfigError(f"{place_of(found)}class {found.__name__} lacks {_verbs(missing)}")
    return cast(LevelClass, found)


def check_level(level: Any) -> None:
    """Refuse a level, made from a class from outside, that does not show its parameters.

    `gradients` may rightly be missing before the first backward(): see `check_gradients_view`.

    Raises:
        ConfigError: `parameters` is missing, or is not a mapping of names to arrays.
    """
    found = type(level)
    missing = [view for view in VIEWS if not hasattr(found, view) and view not in vars(level)]
    if "parameters" in missing:
        raise ConfigError(f"{place_of(found)}class {found.__name__} lacks {_verbs(missing)}")
    try:
        parameters = level.parameters
    except Exception as error:
        raise ConfigError(f"{blame_level(error, level)} (in parameters)") from error
    if callable(parameters) or not isinstance(parameters, Mapping) or not parameters:
        raise ConfigError(
            f"{place_of(found)}parameters of class {found.__name__} is {_kind(parameters)}; "
            "it must be a property that maps the task's names to arrays"
        )
    for name, array in parameters.items():
        if np_kind(array) not in "fiu":
            raise ConfigError(
                f"{place_of(found)}parameter '{name}' of class {found.__name__} is no array of numbers"
            )


def check_gradients_view(level: Any) -> None:
    """Refuse a level that does not show its gradients after backward().

    Raises:
        ConfigError: `gradients` is missing.
    """
    found = type(level)
    if not hasattr(found, "gradients") and "gradients" not in vars(level):
        raise ConfigError(f"{place_of(found)}class {found.__name__} lacks {_verbs(['gradients'])}")


def np_kind(array: Any) -> str:
    """NumPy's letter for what an array of any framework holds: `f` for floats, `O` for objects."""
    from autograd_cli.contract.arrays import to_numpy  # looking up a level must not import NumPy

    try:
        return to_numpy(array).dtype.kind
    except (TypeError, ValueError, RuntimeError):
        return "O"


def place_of(thing: Any) -> str:
    """`my_levels.py:31: `, where a class or function is defined; empty if its source is not at hand."""
    try:
        return f"{_shown(str(inspect.getsourcefile(thing)))}:{inspect.getsourcelines(thing)[1]}: "
    except (OSError, TypeError):
        return ""


def blame_level(error: BaseException, level: Any) -> str:
    """`blame`, for the file in which the class of `level` is written."""
    return blame_class(error, type(level))


def blame_class(error: BaseException, level_class: Any) -> str:
    """`blame`, for the file in which `level_class` is written; what evo itself says stands as it is."""
    if isinstance(error, EvoError):
        return str(error)
    return blame(error, getattr(sys.modules.get(level_class.__module__), "__file__", None))


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


@cache
def _import_file(path: Path) -> ModuleType:
    """The file as a module; imported once, however many levels of it are made."""
    name = f"evo_external_{path.stem}"
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"--impl: '{_shown(str(path))}' is not a Python file")
    module = module_from_spec(spec)
    # Where the file's own imports of its neighbours, and pickling, look for it.
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise ConfigError(f"{blame(error, str(path))} (while importing {_shown(str(path))})") from error
    return module


def _kind(value: Any) -> str:
    return "a method" if callable(value) else f"{type(value).__name__} {value!r:.40}"


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
