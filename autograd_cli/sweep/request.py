"""What a sweep is asked to do: settings, and the YAML file that may stand behind them."""

from collections.abc import Mapping, Sequence
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

# What a sweep's YAML file says beside the keys of its runs, and how the sweep is carried out.
_OWN_KEYS = ("name", "config", "zip")
OPTIONS = ("engine", "workers", "scheduler", "devices", "runs_dir", "group", "timeout", "budget")


@dataclass(frozen=True)
class Request:
    """What was asked for, before it is checked.

    Attributes:
        blocks: each key's text, such as `0..9`, and where it was written; each block is a grid of its own.
        base: the configuration file that the runs start from.
        name: the sweep's name.
        pairs: whether the first values of all keys make the first run, the second ones the second, ….
        classes: levels that were handed over as classes, by what `impl` calls them.
        options: how the sweep is to be carried out, where that was said: some of `OPTIONS`.

    """

    blocks: Sequence[Mapping[str, Setting]] = ({},)
    base: ConfigFile | None = None
    name: str | None = None
    pairs: bool = False
    classes: Mapping[str, LevelClass] = field(default_factory=dict)
    options: Mapping[str, Setting] = field(default_factory=dict)


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
    """The sweep that a YAML file describes.

    It holds `name`, `config`, `zip`, options of the command line, KEY: VALUES as there, and `blocks`: a list
    of such values, each a grid of its own on top of what stands beside the list.

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
    own = {key: settings.pop(key) for key in (*_OWN_KEYS, *OPTIONS) if key in settings}
    for block in file.blocks:
        for key in (*_OWN_KEYS, *OPTIONS):
            if key in block:
                raise ConfigError(f"{block[key].where}: {key} is said for the whole sweep, not in a block")
    base = read_config_file(_find_base(own["config"], path)) if "config" in own else None
    name = own["name"].text if "name" in own else path.stem
    pairs = own["zip"].text.lower() if "zip" in own else "false"
    if pairs not in ("true", "false"):
        raise ConfigError(f"{own['zip'].where}: zip is '{pairs}'; it must be true or false")
    blocks = [settings | dict(block) for block in file.blocks] or [settings]
    options = {key: own[key] for key in OPTIONS if key in own}
    return Request(blocks, base, name, pairs == "true", options=options)


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
    pairs: bool | None = None,
    classes: Mapping[str, LevelClass] | None = None,
    options: Mapping[str, Setting] | None = None,
) -> Request:
    """What is asked for directly; its values replace those of the sweep file that it may name.

    Args:
        settings: values by key; in every block of the file.
        file: a sweep's YAML file, or the name of one that comes with evo.
        config: the configuration that the runs start from.
        name: the sweep's name.
        pairs: see Request; None leaves it to the file.
        classes: see Request.
        options: see Request.

    Raises:
        ConfigError: a file cannot be found or read.

    """
    request = read_sweep_file(find_sweep_file(file)) if file is not None else Request()
    return Request(
        [dict(block) | dict(settings) for block in request.blocks],
        read_config_file(find_config(config)) if config is not None else request.base,
        request.name if name is None else name,
        request.pairs if pairs is None else pairs,
        classes or {},
        dict(request.options) | dict(options or {}),
    )
