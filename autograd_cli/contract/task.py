"""How a task describes itself to the registry: plain data, so that listing it imports no framework."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from autograd_cli.contract.keys import Key, Value


@dataclass(frozen=True)
class Implementation:
    """One level of a task.

    Attributes:
        name: the value of `--impl`; the level's file in the task's folder has the same name.
        teaches: one line, what this level shows that the level below does not.
        model: levels with the same model compute the same function of the same parameters.
        devices: values of `--device` that it runs on.
        fixed: keys that this level takes with one value only, and that value.

    """

    name: str
    teaches: str
    model: str
    devices: tuple[str, ...] = ("cpu", "cuda")
    fixed: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """One training problem and its levels, lowest first.

    Attributes:
        name: the value of `--task`, of the folder in `tasks/` and of the file in `configs/`.
        package: where its modules are imported from: `problem`, and one per implementation.
        summary: one line, what is trained on what.
        level: the name of the class in each implementation's file.
        keys: the task's own configuration keys, beside those that every task has.
        implementations: the levels.
        absent: levels of other tasks that would make no sense here, each with the reason in one line.

    """

    name: str
    package: str
    summary: str
    level: str
    keys: tuple[Key, ...]
    implementations: tuple[Implementation, ...]
    absent: Mapping[str, str] = field(default_factory=dict)
