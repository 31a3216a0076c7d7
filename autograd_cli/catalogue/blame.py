"""Where in a user's own file a mistake is, in one line."""

import inspect
import sys
import traceback
from pathlib import Path
from typing import Any

from autograd_cli.errors import EvoError


def place_of(thing: Any) -> str:
    """`my_levels.py:31: `, where a class or function is defined; empty if its source is not at hand."""
    try:
        return f"{shown(str(inspect.getsourcefile(thing)))}:{inspect.getsourcelines(thing)[1]}: "
    except (OSError, TypeError):
        return ""


def blame_class(error: BaseException, level_class: Any) -> str:
    """`blame`, for the file in which `level_class` is written; what evo itself says stands as it is."""
    if isinstance(error, EvoError):
        return str(error)
    says = blame(error, getattr(sys.modules.get(level_class.__module__), "__file__", None))
    # What broke in a class that the user's own builds on is still the user's to find.
    return place_of(level_class) + says if says == describe(error) and _is_foreign(level_class) else says


def _is_foreign(level_class: Any) -> bool:
    return not str(level_class.__module__).startswith("autograd_cli.")


def blame(error: BaseException, file: str | None) -> str:
    """`my_levels.py:31: ValueError: …`: the last line of `file` on the way to the error, and the error."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, SyntaxError) and error.filename:
        return f"{shown(error.filename)}:{error.lineno}: {type(error).__name__}: {error.msg}"
    own = [
        frame
        for frame in frames
        if file is not None and Path(frame.filename).resolve() == Path(file).resolve()
    ]
    place = f"{shown(own[-1].filename)}:{own[-1].lineno}: " if own else ""
    return place + describe(error)


def describe(error: BaseException) -> str:
    """An exception in one line: evo's own messages as they are, others with their type."""
    first_line = next(iter(str(error).splitlines()), "")
    if isinstance(error, EvoError):
        return first_line
    return f"{type(error).__name__}: {first_line}" if first_line else type(error).__name__


def shown(filename: str) -> str:
    """A path as the user knows it: below the current folder, relative to it."""
    path = Path(filename)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else filename
