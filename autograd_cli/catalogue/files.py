"""Levels in a user's own code: `impl` is FILE.py:Class, of a file never installed, or MODULE:Class."""

import ast
import inspect
import os
import sys
import textwrap
from functools import cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from zlib import crc32

from autograd_cli.catalogue.blame import blame, shown
from autograd_cli.catalogue.checks import check_class
from autograd_cli.catalogue.modules import find_module
from autograd_cli.contract.level import LevelClass
from autograd_cli.errors import ConfigError, unknown


def names_class(impl: str) -> bool:
    """Whether an implementation's name is of the form FILE.py:Class or MODULE:Class."""
    return ":" in impl


def load_class(name: str) -> LevelClass:
    """The class that `FILE.py:Class` or `MODULE:Class` names.

    Raises:
        ConfigError: there is no such file, module or class, importing it fails, or the class lacks a verb.

    """
    place, _, class_name = name.rpartition(":")
    module = _import_file(find_file(place)) if place.endswith(".py") else _import_module(place)
    found = vars(module).get(class_name)
    if not isinstance(found, type):
        own = module.__name__
        classes = [k for k, v in vars(module).items() if isinstance(v, type) and v.__module__ == own]
        raise _no_class(place, class_name, classes)
    return check_class(found)


def look_for_class(name: str) -> None:
    """Refuse a `FILE.py:Class` whose file or class is not there; the file is read, and not executed.

    So much can be said before anything starts; what only shows when the file is imported, shows then.

    Raises:
        ConfigError: there is no such file or module, it is no Python, or nothing in it has that name.

    """
    place, _, class_name = name.rpartition(":")
    if not place.endswith(".py"):
        if place != "__main__" and find_spec(place.partition(".")[0]) is None:
            raise ConfigError(f"impl: there is no module '{place}'", key="impl")
        return
    path = find_file(place)
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigError(f"impl: cannot read '{place}': {error.strerror}", key="impl") from error
    except (SyntaxError, ValueError, RecursionError) as error:
        raise ConfigError(f"{blame(error, str(path))} (while reading {place})") from error
    names = {name for node in ast.walk(tree) for name in _names_bound_by(node)}
    if not names & {class_name, "*"}:
        raise _no_class(place, class_name, [n.name for n in tree.body if isinstance(n, ast.ClassDef)])


@cache
def model_in_source(name: str) -> str | None:
    """The text that a class assigns to `model` in its body, told without running it; None without one.

    What a task calls its models decides which of its settings a level of the user's own is trained with, and
    those must be known before anything is imported.
    """
    place, _, class_name = name.rpartition(":")
    try:
        if place.endswith(".py"):
            source = find_file(place).read_bytes()
        else:
            found = find_module(place)
            if found is None:
                return None
            source = found.read_bytes()
        tree = ast.parse(source)
    except (ConfigError, ImportError, OSError, SyntaxError, ValueError, RecursionError):
        return None  # whoever needs the class says what is wrong
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            for line in node.body:
                match line:
                    case ast.Assign(targets=[ast.Name(id="model")], value=ast.Constant(value=str(model))):
                        return model
    return None


def _names_bound_by(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return [node.name]
    if isinstance(node, ast.Import | ast.ImportFrom):
        return [alias.asname or alias.name for alias in node.names]
    return [node.id] if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else []


def _no_class(place: str, name: str, classes: list[str]) -> ConfigError:
    if not classes:
        what = "file" if place.endswith(".py") else "module"
        return ConfigError(f"{place}: there is no class '{name}', nor any other, in this {what}")
    return unknown("class", name, classes, place)


def find_file(place: str) -> Path:
    """The file that `FILE.py` of a level's name means.

    Raises:
        ConfigError: there is none, or nobody can tell.

    """
    path = Path(place)
    try:
        if path.is_file():
            return path.resolve()
    except OSError as error:
        raise ConfigError(f"impl: cannot read '{path}': {error.strerror}", key="impl") from error
    raise ConfigError(f"impl: there is no file '{path}'", key="impl")


def _import_module(name: str) -> ModuleType:
    if name == "__main__":
        raise ConfigError(
            "impl: it is a class of a program or notebook that is not running here; hand it over again",
            key="impl",
        )
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise ConfigError(f"{blame(error, None)} (while importing {name})") from error
        raise ConfigError(f"impl: there is no module '{name}'", key="impl") from error
    except (Exception, SystemExit) as error:
        raise ConfigError(f"{blame(error, None)} (while importing {name})") from error


def source_of(impl: str, level_class: LevelClass | None = None) -> bytes | None:
    """The source of a user's level: of the whole file, or of the class alone if it was never in a file.

    Once a file is imported, what was imported counts, however the file has changed since.

    Args:
        impl: the level's name.
        level_class: its class, if it is loaded already; FILE.py:Class can do without.

    """
    place = impl.rpartition(":")[0]
    if level_class is None and place.endswith(".py"):
        path = find_file(place)
        return _sources.get(_module_name(path)) or path.read_bytes()
    imported = _sources.get(str(getattr(level_class, "__module__", None)))
    if imported is not None:
        return imported
    try:
        return Path(inspect.getfile(level_class)).read_bytes()  # type: ignore[arg-type]
    except (OSError, TypeError):
        pass
    try:
        return textwrap.dedent(inspect.getsource(level_class)).encode()  # type: ignore[arg-type]
    except (OSError, TypeError):
        return None


_sources: dict[str, bytes] = {}  # by module, what was imported from a file


def _module_name(path: Path) -> str:
    return f"evo_external_{path.stem}_{crc32(os.fsencode(path)):08x}"


@cache
def _import_file(path: Path) -> ModuleType:
    """The file as a module; imported once, however many levels of it are made."""
    name = _module_name(path)
    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"impl: '{shown(str(path))}' is not a Python file", key="impl")
    module = module_from_spec(spec)
    _sources[name] = path.read_bytes()
    # Where the file's own imports of its neighbours, and pickling, look for it.
    sys.modules[name] = module
    sys.path.insert(0, str(path.parent))
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise ConfigError(f"{blame(error, str(path))} (while importing {shown(str(path))})") from error
    return module
