"""Python's values as settings, so that a notebook and the command line are checked by the same rules."""

from collections.abc import Iterable, Mapping
from os import PathLike, fspath
from typing import Any, cast

from autograd_cli.config.files import ConfigFile, Setting, find_config, read_config_file
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.keys import Value, show
from autograd_cli.contract.level import LevelClass
from autograd_cli.runs.source import with_code

# A class with the three verbs, or the name of a level; a Setting also knows where it was written.
LevelName = str | Setting | LevelClass
Given = Value | Setting
# A configuration's name, file or run directory, or one that is at hand.
Config = str | PathLike[str] | RunConfig | Mapping[str, Value]


def settings_of(keys: Mapping[str, Given]) -> dict[str, Setting]:
    """Each value that was given as a setting."""
    return {key: Setting.of(key, value) for key, value in keys.items() if value is not None}


def many_of(keys: Mapping[str, Any]) -> dict[str, Setting]:
    """The same for a sweep, where a value may be an iterable of values."""
    return {key: Setting.of(key, _text(value)) for key, value in keys.items() if value is not None}


def classes_in(level: Any) -> dict[str, LevelClass]:
    """The classes among the levels that were handed over, by the names that they get."""
    levels = level if isinstance(level, list | tuple) else [level]
    return {_name_of(one): cast(LevelClass, one) for one in levels if isinstance(one, type)}


def level_of(level: Any) -> Any:
    """Names in the place of classes."""
    if isinstance(level, list | tuple):
        return [_name_of(one) for one in level]
    return _name_of(level)


def file_of(
    config: Config | None, given: Mapping[str, Setting] | None = None, *, trust: bool = False
) -> ConfigFile | None:
    """The configuration that the settings stand before.

    Raises:
        ConfigError: there is no such configuration, it cannot be read, or it is that of a run whose level's
            code is not a file of the user's own, and `trust` does not say that it may be run.

    """
    if config is None:
        return None
    if isinstance(config, str | PathLike):
        return with_code(read_config_file(find_config(fspath(config))), given or {}, trust)
    values = config.to_dict() if isinstance(config, RunConfig) else config
    return ConfigFile("config", {key: Setting(show(value), "config") for key, value in values.items()}, {})


def _name_of(level: Any) -> Any:
    return f"{level.__module__}:{level.__qualname__}" if isinstance(level, type) else level


def _text(value: Any) -> Given:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ",".join(show(_plain(item)) for item in value)
    plain: Given = value if isinstance(value, Setting) else _plain(value)
    return plain


def _plain(value: Any) -> Any:
    """A Python number in the place of NumPy's, whose `repr` no parser knows."""
    return value.item() if hasattr(value, "item") else value
