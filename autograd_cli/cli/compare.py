"""`evo compare`."""

from typing import Annotated

import typer

from autograd_cli.cli.choosing import (
    OverOption,
    RunsArgument,
    SinceOption,
    UntilOption,
    WhereOption,
    chosen_runs,
    count_of,
)
from autograd_cli.cli.completion import complete_columns, complete_format, complete_key, complete_sort
from autograd_cli.errors import EvoError


def compare(
    runs: RunsArgument = None,
    sort: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Smallest first; -KEY for largest.", autocompletion=complete_sort),
    ] = None,
    baseline: Annotated[str | None, typer.Option(metavar="RUN", help="Show ratios to this run.")] = None,
    where: WhereOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    group_by: Annotated[
        str | None,
        typer.Option(
            metavar="KEYS",
            help="One row a group of runs that agree on these.",
            autocompletion=complete_key,
        ),
    ] = None,
    over: OverOption = None,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Show these: lr,seed,last_loss.",
            autocompletion=complete_columns,
        ),
    ] = None,
    limit: Annotated[str | None, typer.Option(metavar="INT", help="Show the first rows alone.")] = None,
    format_: Annotated[
        str,
        typer.Option("--format", help="table, json, csv or markdown.", autocompletion=complete_format),
    ] = "table",
) -> None:
    """Show recorded runs side by side, one row a run, or one row a group of runs; best first."""
    import autograd_cli as evo
    from autograd_cli.compare.comparison import find_baseline
    from autograd_cli.compare.groups import Grouping
    from autograd_cli.display.pager import page
    from autograd_cli.display.runs import COMPARISON_FORMATS
    from autograd_cli.display.streams import put, tell
    from autograd_cli.errors import choose

    choose(format_, COMPARISON_FORMATS, "format")
    rows = count_of(limit, "limit")
    found = chosen_runs(runs, where, since, until)
    if not found.every:
        raise EvoError("nothing to compare: none of the paths is a run or a CSV file of losses")
    if found.note:
        tell(f"note: {found.note}")
        if format_ == "table":  # others read a table without rows as well
            return
    table = evo.compare(
        found.records,
        sort=sort,
        baseline=baseline if group_by or over or not baseline else find_baseline(found.every, baseline),
        group_by=group_by,
        over=over,
        columns=columns,
        limit=rows,
    )
    if isinstance(table.content, Grouping) and table.content.left_out:
        tell(f"note: {table.content.left_out} runs have not come to their end; left out")
    (page if format_ == "table" else put)(table.text(format_))
