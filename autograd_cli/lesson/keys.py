"""A task's keys: what each is, what it may hold, and what it is where nobody says otherwise."""

from dataclasses import dataclass, field
from pathlib import Path

from autograd_cli.catalogue.blame import shown
from autograd_cli.config.resolve import defaults_file, defaults_of, keys_of, parse_value
from autograd_cli.contract.keys import Key, Value, show
from autograd_cli.contract.task import LevelSpec, Task


@dataclass(frozen=True)
class KeyDefault:
    """A key, and its default.

    Attributes:
        key: the key.
        default: as it stands in the file, `1e-6`; `null` where nothing stands there.
        line: the line of the file that says so; None where none does.
        fixed: whether the level takes this value alone.
        others: of a task: the levels whose default is another one, by that default.

    """

    key: Key
    default: str
    line: int | None = None
    fixed: bool = False
    others: dict[str, list[str]] = field(default_factory=dict)


def path_of_defaults(task: Task) -> str:
    """The file of the defaults, as a person here would write it."""
    return shown(str(defaults_file(task)))


def keys_of_level(task: Task, level: LevelSpec) -> list[KeyDefault]:
    """Every key of a level's configuration.

    Raises:
        ConfigError: the task's file of defaults cannot be read, or holds what no configuration may.

    """
    return [_default(key, task, level) for key in keys_of(task).values()]


def keys_of_task(task: Task) -> list[KeyDefault]:
    """Every key of a task's configurations, and where levels differ by default.

    Raises:
        ConfigError: as of `keys_of_level`.

    """
    found = []
    for key in keys_of(task).values():
        common = _default(key, task, None)
        value = _value(key, task, None)
        others: dict[str, list[str]] = {}
        for level in task.levels:
            if _value(key, task, level) != value:
                others.setdefault(_default(key, task, level).default, []).append(level.name)
        found.append(KeyDefault(key, common.default, common.line, others=others))
    return found


def _default(key: Key, task: Task, level: LevelSpec | None) -> KeyDefault:
    fixed = level is not None and not level.takes_all and key.is_fixed_for(level.name)
    if fixed:
        return KeyDefault(key, show(key.plain), None, fixed=True)
    setting = defaults_of(task, level).get(key.name)
    if setting is None:
        return KeyDefault(key, "null")
    parse_value(key, setting)
    line = setting.where.rpartition(":")[2]
    return KeyDefault(key, setting.text, int(line) if line.isdecimal() else None)


def _value(key: Key, task: Task, level: LevelSpec | None) -> Value:
    """The default as a value: `1e-6` and `0.000001` are one."""
    setting = defaults_of(task, level).get(key.name)
    value: Value = parse_value(key, setting) if setting else None
    return value


def folder_of(task: Task, path: str) -> str:
    """`autograd_cli/tasks/mlp`, of the path of one of its files."""
    return str(Path(path).parent) if path else task.package
