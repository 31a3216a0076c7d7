"""Which settings a level that nobody has described has trained without."""

from collections.abc import Mapping
from typing import Any

from autograd_cli.contract.keys import show
from autograd_cli.contract.task import Task
from autograd_cli.contract.watched import WatchedConfig

# What a level need not read: the loop does, or only people.
_OTHERS = ("seed", "steps", "threads", "print_every", "device", "dtype")


def not_honoured(task: Task, config: WatchedConfig, parameters: Mapping[str, Any]) -> list[str]:
    """Settings as `KEY=VALUE` that neither the level nor the task's data have read, or that the arrays belie.

    A key whose value every level has without reading it, such as bias=false, is honoured by whoever
    passes over it.

    Args:
        task: the task.
        config: what the level was given.
        parameters: its parameters as NumPy arrays.

    """
    read = set(config.read)
    values = config.to_dict()
    plain = task.plain
    unread = [
        f"{name}={show(value)}"
        for name, value in values.items()
        if name not in (*read, *_OTHERS, "task", "impl") and (name not in plain or value != plain[name])
    ]
    kinds = sorted({str(array.dtype) for array in parameters.values()} - {config.dtype})
    return unread + [f"dtype={config.dtype} (its parameters are {', '.join(kinds)})"] * bool(kinds)
