"""`evo show`."""

from typing import Annotated

import typer

from autograd_cli.cli.completion import complete_level, complete_task


def show(
    task: Annotated[str, typer.Argument(metavar="TASK", help="The task.", autocompletion=complete_task)],
    level: Annotated[
        str | None,
        typer.Argument(
            metavar="LEVEL",
            help="The level, or FILE.py:Class for your own; without one, the task itself.",
            autocompletion=complete_level,
        ),
    ] = None,
    format_: Annotated[str, typer.Option("--format", help="text, html or markdown.")] = "text",
) -> None:
    """Show a level: its code, what it teaches, its keys; or a task: its data, its levels, its keys."""
    import autograd_cli as evo
    from autograd_cli.config.files import Setting
    from autograd_cli.display.lessons import LESSON_FORMATS
    from autograd_cli.display.streams import put
    from autograd_cli.errors import choose

    choose(format_, LESSON_FORMATS, "format")
    impl = None if level is None else Setting(level, "argument LEVEL")
    put(evo.show(Setting(task, "argument TASK"), impl).text(format_))
