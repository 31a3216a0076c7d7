"""What a sweep is asked to do: the command line, and the YAML file that it may name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograd_cli.config.files import (
    ConfigFile,
    Setting,
    config_folder,
    find_config,
    read_config_file,
)
from autograd_cli.config.resolve import parse_assignment
from autograd_cli.errors import ConfigError, unknown

# What a sweep's YAML file says beside the keys of its runs.
_OWN_KEYS = ("name", "config", "zip")


@dataclass(frozen=True)
class Request:
    """What was asked for, before it is checked.

    Attributes:
        settings: each key's text, such as `0..9`, and where it was written.
        base: the configuration file that the runs start from.
        name: the sweep's name.
        pairs: whether the first values of all keys make the first run, the second ones the second, ….

    """

    settings: Mapping[str, Setting]
    base: ConfigFile | None = None
    name: str | None = None
    pairs: bool = False


def find_sweep_file(name: str) -> Path:
    """The file that `name` means: a path, or a sweep that comes with evo.

    Raises:
        ConfigError: there is none.

    """
    shipped = {path.stem: path for path in sorted((config_folder() / "sweeps").glob("*.yaml"))}
    path = Path(name)
    if path.is_file():
        return path
    if name in shipped:
        return shipped[name]
    raise unknown("sweep file or KEY=VALUES", name, shipped, "argument")


def read_sweep_file(path: Path) -> Request:
    """The sweep that a YAML file describes: `name`, `config`, `zip`, and KEY: VALUES as on the command line.

    Raises:
        ConfigError: the file cannot be read, or holds something else.

    """
    file = read_config_file(path, lists=True)
    if file.levels:
        where = next(iter(file.levels.values()))[0].where
        raise ConfigError(
            f"{where}: a sweep has no levels; put them into a configuration and name it by 'config:'"
        )
    settings = dict(file.settings)
    own = {key: settings.pop(key) for key in _OWN_KEYS if key in settings}
    base = read_config_file(_find_base(own["config"], path)) if "config" in own else None
    name = own["name"].text if "name" in own else path.stem
    pairs = own["zip"].text.lower() if "zip" in own else "false"
    if pairs not in ("true", "false"):
        raise ConfigError(f"{own['zip'].where}: zip is '{pairs}'; it must be true or false")
    return Request(settings, base, name, pairs == "true")


def _find_base(setting: Setting, path: Path) -> Path:
    """The configuration that a sweep file names: beside the file, or as `--config` finds it."""
    beside = path.parent / setting.text
    try:
        return beside if beside.is_file() else find_config(setting.text)
    except ConfigError as error:
        raise ConfigError(f"{setting.where}: {str(error).removeprefix('--config: ')}") from None


def combine(
    arguments: Sequence[str],
    options: Mapping[str, str | None],
    *,
    config: str | None = None,
    name: str | None = None,
    pairs: bool = False,
) -> Request:
    """What the command line asks for; its values replace those of the sweep file that it names.

    Args:
        arguments: `KEY=VALUES` each, and at most one sweep file.
        options: values by key, of the options that have keys as their names; None where not given.
        config: the configuration that the runs start from.
        name: the sweep's name.
        pairs: see Request.

    Raises:
        ConfigError: a file that cannot be read, two of them, or a key given twice.

    """
    files = [argument for argument in arguments if "=" not in argument]
    if len(files) > 1:
        raise ConfigError(f"argument '{files[1]}': one sweep file at a time; '{files[0]}' is one already")
    request = read_sweep_file(find_sweep_file(files[0])) if files else Request({})
    given = {key: Setting(text, f"--{key}") for key, text in options.items() if text is not None}
    for argument in arguments:
        if "=" not in argument:
            continue
        key, setting = parse_assignment(argument)
        if key in given:
            raise ConfigError(f"{setting.where}: {key} is given twice, also by {given[key].where}")
        given[key] = setting
    return Request(
        dict(request.settings) | given,
        read_config_file(find_config(config)) if config else request.base,
        name or request.name,
        pairs or request.pairs,
    )
