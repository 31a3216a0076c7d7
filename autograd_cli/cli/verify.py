"""`evo verify`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from autograd_cli.cli.completion import complete_impl, complete_task
from autograd_cli.cli.options import with_keys
from autograd_cli.errors import ExitCode

if TYPE_CHECKING:
    from autograd_cli.config.files import Setting

_OPTIONS: dict[str, Any] = {
    "task": Annotated[str | None, typer.Option(help="Only this task.", autocompletion=complete_task)],
    "impl": Annotated[
        str | None,
        typer.Option(
            help="Only these levels, with commas; FILE.py:Class for your own.", autocompletion=complete_impl
        ),
    ],
    "steps": Annotated[str | None, typer.Option(metavar="INT", help="Steps in lockstep.")],
    "tolerance": Annotated[
        str | None,
        typer.Option(metavar="FLOAT", help="Largest relative difference that passes; 1e-9 by default."),
    ],
    "dtype": Annotated[str | None, typer.Option(help="float32 or float64, which is the default.")],
    "device": Annotated[str | None, typer.Option(help="cpu, or cuda: then held against NumPy on the host.")],
}


@with_keys(_OPTIONS)
def verify(
    keys: "dict[str, Setting]",
    quick: Annotated[bool, typer.Option("--quick", help="Fewer steps and directions.")] = False,
    format_: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Prove levels equal and their gradients right; exit 1 if one is not."""
    import autograd_cli as evo
    from autograd_cli.display.streams import put
    from autograd_cli.display.verdicts import VERDICT_FORMATS, progress
    from autograd_cli.errors import choose

    choose(format_, VERDICT_FORMATS, "format")
    with progress() as announce:
        verification = evo.verify(quick=quick, on_level=announce, **keys)
    put(verification.text(format_))
    raise typer.Exit(ExitCode.DONE if verification.passed else ExitCode.FAILED)
