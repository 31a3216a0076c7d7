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
        typer.Option(metavar="FLOAT", help="Largest difference that passes; 1e-9 by default."),
    ],
    "dtype": Annotated[str | None, typer.Option(help="Only float32, or only float64.")],
    "device": Annotated[str | None, typer.Option(help="cpu, or cuda: then held against NumPy on the host.")],
}


@with_keys(_OPTIONS)
def verify(
    keys: "dict[str, Setting]",
    quick: Annotated[bool, typer.Option("--quick", help="Fewer steps and directions.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every number.")] = False,
    report: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write what was asked and found.")
    ] = None,
    against: Annotated[str | None, typer.Option(metavar="FILE", help="Repeat what a report says.")] = None,
    format_: Annotated[str, typer.Option("--format", help="table, full (as -v) or json.")] = "table",
) -> None:
    """Prove levels equal and their gradients right; exit 1 if one is not, or not as a report says."""
    import autograd_cli as evo
    from autograd_cli.display.streams import put, tell
    from autograd_cli.display.verdicts import VERDICT_FORMATS, progress, with_colours
    from autograd_cli.errors import choose

    format_ = "full" if verbose and format_ == "table" else format_
    choose(format_, VERDICT_FORMATS, "format")
    with progress() as announce:
        verification = evo.verify(quick=quick, against=against, report=report, on_level=announce, **keys)
    put(with_colours(verification.text(format_)) if format_ != "json" else verification.text(format_))
    if against:
        tell(f"{against}: {'not all is as it was' if verification.changes else 'all is as it was'}")
        for change in verification.changes:
            tell(f"  {change}")
    raise typer.Exit(ExitCode.DONE if verification.passed else ExitCode.FAILED)
