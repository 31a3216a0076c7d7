"""What installed packages announce in the entry-point group `autograd_cli`.

An entry `mlp.jax = pkg.levels:JaxMlp` is a level `jax` of task `mlp`, and an entry without a dot in its name,
such as `spiral = pkg.spiral:TASK`, is a Task of its own.
"""

from functools import cache
from typing import Any

from autograd_cli.catalogue.blame import describe
from autograd_cli.contract.task import LevelSpec, Task
from autograd_cli.errors import ConfigError

ENTRY_POINT_GROUP = "autograd_cli"


@cache
def _entries() -> dict[str, Any]:
    """The entry points by name, looked for once a process: it takes 15 ms."""
    from importlib.metadata import entry_points  # a level of our own need not pay for it

    return {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP)}


@cache
def installed_tasks() -> dict[str, Task]:
    """The tasks of installed packages.

    Raises:
        ConfigError: importing one fails, or what it names is no Task.

    """
    return {name: _load(entry) for name, entry in _entries().items() if "." not in name}


def added_levels(task: Task) -> tuple[LevelSpec, ...]:
    """The levels that installed packages add to `task`."""
    return tuple(
        LevelSpec(name.partition(".")[2], entry.value, f"from {entry.value}", task.model, takes_all=True)
        for name, entry in _entries().items()
        if name.partition(".")[0] == task.name and "." in name
    )


def _load(entry: Any) -> Task:
    try:
        found = entry.load()
    except Exception as error:
        raise ConfigError(
            f"entry point {entry.name} = {entry.value}: cannot be loaded: {describe(error)}"
        ) from error
    if not isinstance(found, Task):
        raise ConfigError(
            f"entry point {entry.name} = {entry.value}: it is a {type(found).__name__}, not a Task"
        )
    return found
