"""`evo warm`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from autograd_cli.warm.server import Plan


# What train, sweep, verify and graph import beside the libraries below; each imports others itself.
_MODULES = (
    *(f"autograd_cli.cli.{command}" for command in ("app", "train", "sweep", "verify", "graph", "ending")),
    *(f"autograd_cli.api.{room}" for room in ("train", "sweep")),
    *(f"autograd_cli.display.{what}" for what in ("training", "sweep", "settings", "graphs")),
    *(f"autograd_cli.sweep.{engine}" for engine in ("processes", "serial", "batched")),
    *("plotille", "threadpoolctl", "csv", "multiprocessing.popen_fork", "secrets"),
)

# What no command imports that does without, and in what order: those that others import, first.
_LIBRARIES = (
    ("rich", ("rich.live", "rich.emoji", "rich.text", "rich.table", "rich.markup")),
    ("numpy", ("numpy", "numpy.random")),
    ("torch", ("torch", "torch.optim", "torch._dynamo")),
)


def warm(
    status: Annotated[bool, typer.Option("--status", help="Say whether there is one.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End it; what it runs goes on.")] = False,
) -> None:
    """Keep torch imported in a background process, so that train, sweep, verify and graph start at once."""
    from autograd_cli.display.streams import put
    from autograd_cli.display.warm import told
    from autograd_cli.errors import ConfigError, EvoError
    from autograd_cli.warm.control import ask, start

    if status and stop:
        raise ConfigError("stop: give --status or --stop, but not both", key="stop")
    if status or stop:
        state = ask("stop" if stop else "status")
        if state is None:
            raise EvoError("no warm process is running; 'evo warm' starts one")
        put(told(state, "stopped" if stop else "running"))
        return
    state, is_new = start(_plan())
    put(told(state, "ready" if is_new else "already running"))


def _plan() -> "Plan":
    from autograd_cli.cli.process import run
    from autograd_cli.training.cores import cores
    from autograd_cli.training.threads import follow_environment, know_pools, set_threads
    from autograd_cli.warm.server import Plan

    return Plan(
        modules=_MODULES,
        libraries=(
            ("numpy", ("numpy", "numpy.random")),
            ("torch", ("torch", "torch.optim", "torch._dynamo")),
        ),
        one_thread=lambda: set_threads(1),
        imported=know_pools,
        taken=follow_environment,
        run=run,
        limits_of=lambda pid: cores(own=Path(f"/proc/{pid}/cgroup")),
    )
