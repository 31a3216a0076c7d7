"""`evo compare`."""

from pathlib import Path
from typing import Annotated

import typer

from autograd_cli.errors import EvoError


def compare(
    runs: Annotated[
        list[str], typer.Argument(help="Run directories, or CSV files with step and loss columns.")
    ],
    sort: Annotated[
        str | None, typer.Option(metavar="KEY", help="Smallest first; -KEY for largest first.")
    ] = None,
    baseline: Annotated[str | None, typer.Option(metavar="RUN", help="Show ratios to this run.")] = None,
    where: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Only runs that match.")
    ] = None,
    group_by: Annotated[
        str | None, typer.Option(metavar="KEYS", help="One row a group of runs that agree on these.")
    ] = None,
    over: Annotated[
        str | None, typer.Option(metavar="KEYS", help="Keys to take mean and deviation over, such as seed.")
    ] = None,
    format_: Annotated[str, typer.Option("--format", help="table, json, csv or markdown.")] = "table",
) -> None:
    """Show recorded runs side by side, one row a run, or one row a group of runs."""
    import autograd_cli as evo
    from autograd_cli.compare.comparison import load_runs
    from autograd_cli.compare.groups import Grouping
    from autograd_cli.display.streams import put, tell
    from autograd_cli.display.tables import COMPARISON_FORMATS
    from autograd_cli.errors import choose

    choose(format_, COMPARISON_FORMATS, "format")
    records, complaints = load_runs(map(Path, runs))
    for complaint in complaints:
        tell(f"warning: {complaint}")
    if not records:
        raise EvoError("nothing to compare: none of the paths is a run or a CSV file of losses")
    table = evo.compare(
        records, sort=sort, baseline=baseline, where=where or (), group_by=group_by, over=over
    )
    if isinstance(table.content, Grouping) and table.content.left_out:
        tell(f"note: {table.content.left_out} runs have not come to their end; left out")
    put(table.text(format_))
