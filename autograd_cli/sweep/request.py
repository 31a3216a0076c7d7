"""What a sweep is asked to do: settings, and the YAML file that may stand behind them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograd_cli.config.files import (
    ConfigFile,
    Setting,
    config_folder,
    find_config,
    read_config_file,
)
from autograd_cli.config.reading import is_folder, look
from autograd_cli.contract.level import LevelClass
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
        classes: levels that were handed over as classes, by what `impl` calls them.

    """

    settings: Mapping[str, Setting]
    base: ConfigFile | None = None
    name: str | None = None
    pairs: bool = False
    classes: Mapping[str, LevelClass] = field(default_factory=dict)


def find_sweep_file(name: str) -> Path:
    """The file that `name` means: a path, or a sweep that comes with evo.

    Raises:
        ConfigError: there is none.

    """
    shipped = {path.stem: path for path in sorted((config_folder() / "sweeps").glob("*.yaml"))}
    path = Path(name)
    try:
        if look(path) is not None and not is_folder(path):
            return path
    except OSError as error:
        raise ConfigError(f"argument '{name}': cannot read the sweep: {error.strerror}") from error
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
        found = look(beside) is not None and not is_folder(beside)
        return beside if found else find_config(setting.text)
    except OSError as error:
        raise ConfigError(f"{setting.where}: cannot read '{beside}': {error.strerror}") from error
    except ConfigError as error:
        raise ConfigError(f"{setting.where}: {str(error).removeprefix('config: ')}") from None


def make_request(
    settings: Mapping[str, Setting],
    *,
    file: str | None = None,
    config: str | None = None,
    name: str | None = None,
    pairs: bool = False,
    classes: Mapping[str, LevelClass] | None = None,
) -> Request:
    """What is asked for directly; its values replace those of the sweep file that it may name.

    Args:
        settings: values by key.
        file: a sweep's YAML file, or the name of one that comes with evo.
        config: the configuration that the runs start from.
        name: the sweep's name.
        pairs: see Request.
        classes: see Request.

    Raises:
        ConfigError: a file cannot be found or read.

    """
    request = read_sweep_file(find_sweep_file(file)) if file is not None else Request({})
    return Request(
        dict(request.settings) | dict(settings),
        read_config_file(find_config(config)) if config is not None else request.base,
        request.name if name is None else name,
        pairs or request.pairs,
        classes or {},
    )
