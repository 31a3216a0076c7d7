"""Files and the command line, merged into one frozen and validated RunConfig.

Later wins: the task's defaults < the level's own section of them < `--config FILE` < the command line.
Every value remembers where it came from, so that a complaint can say so.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from autograd_cli.catalogue.registry import find_implementation, find_task
from autograd_cli.config.files import ConfigFile, Setting, config_folder, find_config, read_config_file
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.keys import COMMON_KEYS, Key, Value, show
from autograd_cli.contract.task import Implementation, Task
from autograd_cli.errors import ConfigError, unknown


def defaults_file(task: Task) -> Path:
    """The YAML file with the defaults of `task`; an installed task has it beside its modules."""
    if task.package.startswith("autograd_cli."):
        return config_folder() / f"{task.name}.yaml"
    return Path(str(import_module(task.package).__file__)).parent / f"{task.name}.yaml"


def parse_assignment(argument: str) -> tuple[str, Setting]:
    """`lr=0.1` as the key and its setting.

    Raises:
        ConfigError: there is no `=`, or nothing before it.

    """
    name, equals, text = argument.partition("=")
    if not (equals and name):
        raise ConfigError(f"argument '{argument}': expected KEY=VALUE, such as lr=1e-6")
    return name, Setting(text, f"argument '{argument}'")


def resolve_command_line(
    options: Mapping[str, str | None], assignments: Iterable[str] = (), config: str | None = None
) -> RunConfig:
    """The configuration that a command's arguments describe.

    Args:
        options: the text of each option by its key; None where it was not given.
        assignments: `KEY=VALUE` arguments.
        config: the argument of `--config`.

    Raises:
        ConfigError: as of `resolve`, `parse_assignment`, `find_config` and `read_config_file`.

    """
    given = [(key, Setting(text, f"--{key}")) for key, text in options.items() if text is not None]
    given += [parse_assignment(argument) for argument in assignments]
    return resolve(given, read_config_file(find_config(config)) if config else None)


def resolve(
    overrides: Iterable[tuple[str, Setting]] = (),
    file: ConfigFile | None = None,
) -> RunConfig:
    """The one configuration that a run uses.

    Args:
        overrides: keys and settings of the command line, `task` and `impl` among them.
        file: the user's configuration file.

    Raises:
        ConfigError: an unknown task, implementation or key; a value of the wrong type, out of range, or
            that the level does not take; a key given twice; no task or no implementation.

    """
    given: dict[str, Setting] = {}
    for name, setting in overrides:
        if name in given:
            raise ConfigError(f"{setting.where}: {name} is given twice, also by {given[name].where}")
        given[name] = setting
    named = dict(file.settings if file else {}) | given
    task_name = _required("task", named)
    task = find_task(task_name.text, task_name.where)
    impl_name = _required("impl", named)
    implementation = find_implementation(task, impl_name.text, impl_name.where)
    keys = keys_of(task)
    defaults = _read_defaults(defaults_file(task))
    values: dict[str, Value] = dict.fromkeys(keys)
    for layer in (defaults.settings, _section(defaults, implementation.name)):
        values |= _parse(layer, keys)
    if file:
        _check_sections(file, task, keys)
        own = [file.settings, _section(file, implementation.name)]
    else:
        own = []
    for layer in (*own, given):
        values |= _parse(layer, keys, implementation)
    common = {name: values.pop(name) for name in COMMON_KEYS}
    device = (given.get("device") or named.get("device") or Setting("", "")).where
    _check_device(common["device"], implementation, device)
    return RunConfig(task=task.name, impl=implementation.name, options=values, **common)  # type: ignore[arg-type]


@cache
def _read_defaults(path: Path) -> ConfigFile:
    """A task's own file, read once a process: a sweep resolves thousands of configurations."""
    return read_config_file(path)


def keys_of(task: Task) -> dict[str, Key]:
    """Every key that a configuration of `task` has, common ones first."""
    return dict(COMMON_KEYS) | {key.name: key for key in task.keys}


def parse_value(key: Key, setting: Setting) -> Any:
    """The value of `setting`.

    Raises:
        ConfigError: it is not of the key's kind, or out of its range.

    """
    try:
        return key.parse(setting.text)
    except ValueError:
        raise ConfigError(
            f"{setting.where}: {key.name} is '{setting.text}'; it must be {key.allowed}"
        ) from None


def _required(name: str, named: Mapping[str, Setting]) -> Setting:
    if name not in named:
        raise ConfigError(f"--{name} is missing: give it as an option, or as '{name}:' in the --config file")
    return named[name]


def _section(file: ConfigFile, level: str) -> Mapping[str, Setting]:
    return file.levels[level][1] if level in file.levels else {}


def _check_sections(file: ConfigFile, task: Task, keys: Mapping[str, Key]) -> None:
    """Complain of any section, also of a level that is not to run now: a typing error is one today."""
    for level, (setting, body) in file.levels.items():
        row = find_implementation(task, level, setting.where)
        _parse(body, keys, row)


def _parse(
    layer: Mapping[str, Setting], keys: Mapping[str, Key], implementation: Implementation | None = None
) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name, setting in layer.items():
        if name in ("task", "impl"):
            continue
        if name not in keys:
            raise unknown("key", name, keys, setting.where)
        values[name] = parse_value(keys[name], setting)
        if implementation and name in implementation.fixed and values[name] != implementation.fixed[name]:
            raise ConfigError(
                f"{setting.where}: {name} is '{setting.text}', but implementation '{implementation.name}' "
                f"takes only {name}={show(implementation.fixed[name])}"
            )
    return values


def _check_device(device: Value, implementation: Implementation, where: str) -> None:
    if device not in implementation.devices:
        allowed = ", ".join(implementation.devices)
        raise ConfigError(
            f"{where}: implementation '{implementation.name}' cannot run on '{device}' (allowed: {allowed})"
        )
