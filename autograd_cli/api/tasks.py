"""What can be trained."""

from autograd_cli.catalogue.registry import all_tasks
from autograd_cli.contract.task import Task


def tasks() -> dict[str, Task]:
    """The tasks by name, each with its levels, lowest first, and its keys."""
    return dict(all_tasks())
