"""`evo diff`."""

from typing import Annotated

import typer

from autograd_cli.cli.completion import complete_level, complete_task


def diff(
    task: Annotated[str, typer.Argument(metavar="TASK", help="The task.", autocompletion=complete_task)],
    lower: Annotated[
        str,
        typer.Argument(
            metavar="LOWER",
            help="The level that the step starts from; FILE.py:Class for your own.",
            autocompletion=complete_level,
        ),
    ],
    upper: Annotated[
        str,
        typer.Argument(metavar="UPPER", help="The level that it leads to.", autocompletion=complete_level),
    ],
    format_: Annotated[str, typer.Option("--format", help="text, html or markdown.")] = "text",
) -> None:
    """Show what the step from one level to another changes, verb by verb; on a pipe, a unified diff."""
    import autograd_cli as evo
    from autograd_cli.config.files import Setting
    from autograd_cli.display.steps import STEP_FORMATS
    from autograd_cli.display.streams import put
    from autograd_cli.errors import choose

    choose(format_, STEP_FORMATS, "format")
    levels = (Setting(lower, "argument LOWER"), Setting(upper, "argument UPPER"))
    put(evo.diff(Setting(task, "argument TASK"), *levels).text(format_))
