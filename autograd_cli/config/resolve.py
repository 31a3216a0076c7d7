"""Files and the command line, merged into one frozen and validated RunConfig.

Later wins: the task's defaults < the level's own section of them < a configuration file < what is given
directly. Every value remembers where it came from, so that a complaint can say so.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from autograd_cli.catalogue.cell import Cell, of_class
from autograd_cli.catalogue.registry import all_tasks, find_level, find_task
from autograd_cli.config.files import ConfigFile, Setting, config_folder, read_config_file
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.keys import COMMON_KEYS, Key, Value, show
from autograd_cli.contract.level import LevelClass
from autograd_cli.contract.task import LevelSpec, Task
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


def gather(settings: Iterable[tuple[str, Setting]]) -> dict[str, Setting]:
    """Settings by key.

    Raises:
        ConfigError: a key is given twice.

    """
    given: dict[str, Setting] = {}
    for name, setting in settings:
        if name in given:
            raise ConfigError(f"{setting.where}: {name} is given twice, also by {given[name].where}")
        given[name] = setting
    return given


def resolve(
    given: Mapping[str, Setting],
    file: ConfigFile | None = None,
    classes: Mapping[str, LevelClass] | None = None,
) -> tuple[Cell, RunConfig]:
    """What a run trains, and the one configuration that it uses.

    Args:
        given: the settings that win over all files, `task` and `impl` among them.
        file: the user's configuration file.
        classes: levels that were handed over as classes, by what `impl` calls them.

    Raises:
        ConfigError: an unknown task, implementation or key; a value of the wrong type, out of range, or
            that the level does not take; no task or no implementation.

    """
    base = Base.of(given, file, classes)
    return base.cell, base.config(base.parse(given), given)


@dataclass(frozen=True)
class Base:
    """What files say of a level: what all configurations that start from there have in common.

    Attributes:
        cell: what is trained.
        keys: every key that a configuration of it has.
        values: what they are where nothing is given directly.
        file: the settings of the user's file that are for all levels.

    """

    cell: Cell
    keys: Mapping[str, Key]
    values: Mapping[str, Value]
    file: Mapping[str, Setting]

    @classmethod
    def of(
        cls,
        given: Mapping[str, Setting],
        file: ConfigFile | None = None,
        classes: Mapping[str, LevelClass] | None = None,
    ) -> "Base":
        """The base of what `resolve` makes of the same arguments, of which `given` matters for the level.

        Raises:
            ConfigError: as of `resolve`; what is given but task and level is not looked at.

        """
        cell = _find_cell(dict(file.settings if file else {}) | dict(given), classes or {})
        task, level = cell.task, cell.spec
        keys = keys_of(task)
        defaults = _read_defaults(defaults_file(task))
        values: dict[str, Value] = dict.fromkeys(keys)
        for layer in (defaults.settings, _section(defaults, _stands_for(task, level))):
            values |= _parse(layer, keys)
        if file:
            _check_sections(file, task, keys)
            for layer in (file.settings, _section(file, level)):
                values |= _parse(_without_retired(layer, task), keys, level)
        if "device" not in given:
            where = file.settings["device"].where if file and "device" in file.settings else ""
            _check_device(values["device"], level, where)
        return cls(cell, keys, values, file.settings if file else {})

    def parse(self, given: Mapping[str, Setting]) -> dict[str, Value]:
        """The values of what is given directly.

        Raises:
            ConfigError: one is of no key, of the wrong type, out of range, or not for the level.

        """
        values = _parse(given, self.keys, self.cell.spec)
        if "device" in values:
            _check_device(values["device"], self.cell.spec, given["device"].where)
        return values

    def config(self, values: Mapping[str, Value], given: Mapping[str, Setting]) -> RunConfig:
        """The configuration with these values, which `parse` has read of `given`, in the place of the files'.

        Raises:
            ConfigError: a value goes with another key's other values only.

        """
        options = {**self.values, **values}
        if not self.cell.spec.takes_all:
            _check_together(options, self.keys, {**self.file, **given})
        common = {name: options.pop(name) for name in COMMON_KEYS}
        return RunConfig(task=self.cell.task.name, impl=self.cell.spec.name, options=options, **common)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Explained:
    """A key of a configuration: its value, and where that came from.

    Attributes:
        key: what the key is, and what it may hold; None for `task` and `impl`.
        name: the key.
        value: the value.
        origin: the file and line, option or argument that decided it.
        is_fixed: whether the level takes no other value.

    """

    key: Key | None
    name: str
    value: Value
    origin: str
    is_fixed: bool = False


def explain(
    given: Mapping[str, Setting],
    file: ConfigFile | None = None,
    classes: Mapping[str, LevelClass] | None = None,
) -> list[Explained]:
    """What `resolve` makes of the same arguments, key by key.

    Raises:
        ConfigError: as of `resolve`.

    """
    cell, config = resolve(given, file, classes)
    defaults = _read_defaults(defaults_file(cell.task))
    layers = [defaults.settings, _section(defaults, cell.spec)]
    layers += [file.settings, _section(file, cell.spec)] if file else []
    origins: dict[str, str] = {}
    for layer in (*layers, given):
        origins |= {name: setting.where for name, setting in layer.items()}
    keys = keys_of(cell.task)
    return [
        Explained(
            keys.get(name),
            name,
            value,
            origins.get(name, "-"),
            name in keys and not cell.spec.takes_all and keys[name].is_fixed_for(cell.spec.name),
        )
        for name, value in config.to_dict().items()
    ]


def _find_cell(named: Mapping[str, Setting], classes: Mapping[str, LevelClass]) -> Cell:
    task_name = _required("task", named, all_tasks)
    task = find_task(task_name.text, task_name.where)
    impl = _required("impl", named, lambda: [level.name for level in task.levels])
    if impl.text in classes:
        return of_class(task, classes[impl.text])
    return Cell(task, find_level(task, impl.text, impl.where))


@cache
def _read_defaults(path: Path) -> ConfigFile:
    """A task's own file, read once a process: a sweep resolves thousands of configurations."""
    return read_config_file(path)


def defaults_of(task: Task, level: LevelSpec | None = None) -> dict[str, Setting]:
    """What the keys of a task, or of one of its levels, are where nobody says otherwise, with the lines.

    Raises:
        ConfigError: the task's file of defaults cannot be read.

    """
    file = _read_defaults(defaults_file(task))
    settings = dict(file.settings) | (dict(_section(file, _stands_for(task, level))) if level else {})
    return {name: setting for name, setting in settings.items() if name not in ("task", "impl")}


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


def _required(name: str, named: Mapping[str, Setting], allowed: Callable[[], Iterable[str]]) -> Setting:
    # What is allowed is only asked where it is told: it takes a look at every installed package.
    if name not in named:
        raise ConfigError(
            f"{name} is missing: give it, or write '{name}:' into the configuration file "
            f"(allowed: {', '.join(allowed())})",
            key=name,
        )
    return named[name]


def _stands_for(task: Task, level: LevelSpec) -> LevelSpec:
    """The level whose section of the defaults holds: of a port of a model, the first level of that model."""
    if not level.takes_all or level.model == task.model:
        return level
    return next(spec for spec in task.levels if spec.model == level.model)


def _section(file: ConfigFile, level: LevelSpec) -> Mapping[str, Setting]:
    return file.levels[level.name][1] if level.name in file.levels else {}


def _without_retired(layer: Mapping[str, Setting], task: Task) -> dict[str, Setting]:
    """The settings without those keys of earlier versions that say nothing new."""
    return {
        name: setting
        for name, setting in layer.items()
        if name not in task.retired or setting.text != show(task.retired[name])
    }


def _check_sections(file: ConfigFile, task: Task, keys: Mapping[str, Key]) -> None:
    """Complain of any section, also of a level that is not to run now: a typing error is one today."""
    for level, (setting, body) in file.levels.items():
        _parse(_without_retired(body, task), keys, find_level(task, level, setting.where))


def _parse(
    layer: Mapping[str, Setting], keys: Mapping[str, Key], level: LevelSpec | None = None
) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name, setting in layer.items():
        if name in ("task", "impl"):
            continue
        if name not in keys:
            raise unknown("key", name, keys, setting.where)
        key = keys[name]
        value = values[name] = parse_value(key, setting)
        if level and not level.takes_all and key.is_fixed_for(level.name) and value != key.plain:
            why = f": {key.because[level.name]}" if level.name in key.because else ""
            raise ConfigError(
                f"{setting.where}: {name} is '{setting.text}', but implementation '{level.name}' "
                f"takes only {name}={show(key.plain)}{why}"
            )
    return values


def _check_together(
    values: Mapping[str, Value], keys: Mapping[str, Key], named: Mapping[str, Setting]
) -> None:
    """Refuse a value of one key that another key's leaves without a meaning."""
    for name, key in keys.items():
        if key.needs and values[name] != key.plain and values[key.needs[0]] != key.needs[1]:
            other, value = key.needs
            where = (named.get(name) or named.get(other) or Setting("", name)).where
            raise ConfigError(
                f"{where}: {name}={show(values[name])} needs {other}={show(value)}, "
                f"and {other} is {show(values[other])}"
            )


def _check_device(device: Value, level: LevelSpec, where: str) -> None:
    if device not in level.devices:
        allowed = ", ".join(level.devices)
        raise ConfigError(
            f"{where}: implementation '{level.name}' cannot run on '{device}' (allowed: {allowed})"
        )
