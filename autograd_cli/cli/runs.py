"""`evo runs`."""

from time import sleep
from typing import Annotated

import typer

from autograd_cli.cli.choosing import (
    RunsArgument,
    SinceOption,
    UntilOption,
    WhereOption,
    chosen_runs,
    count_of,
)
from autograd_cli.cli.completion import complete_format


def runs(
    runs: RunsArgument = None,
    last: Annotated[str | None, typer.Option(metavar="INT", help="Show the latest of them alone.")] = None,
    where: WhereOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Go on with a line for each that begins, ends or goes.")
    ] = False,
    format_: Annotated[
        str,
        typer.Option("--format", help="table, json, csv or markdown.", autocompletion=complete_format),
    ] = "table",
) -> None:
    """List the runs that are there, the latest first: when, what, and how they ended."""
    import autograd_cli as evo
    from autograd_cli.compare.selection import changes, numbered
    from autograd_cli.display.history import change_line, history_table
    from autograd_cli.display.pager import page
    from autograd_cli.display.runs import COMPARISON_FORMATS
    from autograd_cli.display.streams import put, tell
    from autograd_cli.errors import choose

    choose(format_, COMPARISON_FORMATS, "format")
    count = count_of(last, "last")
    found = chosen_runs(runs, where, since, until)
    if found.note:
        tell(f"note: {found.note}")
    shown = found.records[::-1][:count]
    if format_ == "table":
        numbers = {} if found.named else numbered(found.every)
        text = history_table(shown, numbers, len(found.records) - len(shown))
        if shown or not found.note:
            (put if follow else page)(text)
    else:
        put(evo.compare(shown, sort="-started_at").text(format_))
    if follow:
        state = {record.path: record for record in found.records}
        while True:
            for change, record in changes(state, runs or (), where or (), since, until):
                put(change_line(record, change))
            sleep(0.5)
