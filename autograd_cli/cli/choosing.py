"""Options by which runs are chosen, the same for every command that reads recorded ones."""

from typing import TYPE_CHECKING, Annotated

import typer

from autograd_cli.cli.completion import complete_condition, complete_key, complete_run, complete_time

if TYPE_CHECKING:
    from autograd_cli.compare.selection import Selection

RunsArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="RUN|KEY=VALUES",
        help="Run directories, folders of them, CSV files; @1 is the latest of runs, @1..5; lr=1e-6,1e-7.",
        autocompletion=complete_run,
        show_default="all of runs",
    ),
]
WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        metavar="CONDITIONS",
        help="Only runs that fulfil all: 'lr>5e-7 seed=0..3'.",
        autocompletion=complete_condition,
    ),
]
SinceOption = Annotated[
    str | None,
    typer.Option(
        metavar="TIME",
        help="Only runs begun since: today, yesterday, 2h, 2026-11-24.",
        autocompletion=complete_time,
    ),
]
UntilOption = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only runs begun before its end.", autocompletion=complete_time),
]
OverOption = Annotated[
    str | None,
    typer.Option(
        metavar="KEYS",
        help="Keys to take mean and deviation over, such as seed.",
        autocompletion=complete_key,
    ),
]


def chosen_runs(
    words: list[str] | None, where: list[str] | None, since: str | None, until: str | None
) -> "Selection":
    """The runs that are meant; what cannot be read is told on stderr."""
    from autograd_cli.compare.selection import select
    from autograd_cli.display.streams import tell

    found = select(words or (), where or (), since, until)
    for complaint in found.complaints:
        tell(f"warning: {complaint}")
    return found


def count_of(text: str | None, argument: str) -> int | None:
    """How many rows `text` means; None without one.

    Raises:
        ConfigError: it is no whole number above 0.

    """
    if text is None:
        return None
    from autograd_cli.contract.keys import whole
    from autograd_cli.errors import ConfigError

    try:
        count = whole(text)
    except ValueError:
        count = 0
    if count < 1:
        raise ConfigError(f"{argument}: '{text}' is not a whole number, 1 or more", key=argument)
    return count
