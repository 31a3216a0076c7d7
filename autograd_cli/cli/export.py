"""`evo export`."""

from typing import Annotated

import typer

from autograd_cli.cli.choosing import RunsArgument, SinceOption, UntilOption, WhereOption, chosen_runs
from autograd_cli.cli.completion import complete_tool


def export(
    to: Annotated[
        str,
        typer.Option(metavar="TOOL", help="tensorboard, mlflow or parquet.", autocompletion=complete_tool),
    ],
    output: Annotated[str, typer.Option(metavar="DIR", help="A new folder, or that of an earlier export.")],
    runs: RunsArgument = None,
    where: WhereOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
) -> None:
    """Write runs for other tools; again writes what is new, and doubles nothing."""
    import autograd_cli as evo
    from autograd_cli.api.export import TOOLS
    from autograd_cli.display.streams import put, tell
    from autograd_cli.errors import ConfigError, choose

    choose(to, TOOLS, "to")
    found = chosen_runs(runs, where, since, until)
    if not found.records:
        raise ConfigError(f"nothing to export: {found.note or 'there is no run'}")
    new = evo.export(map(evo.Run, found.records), to=to, output=output)
    tell(f"{len(found.records)} runs, {new} of them new or changed")
    put(f"{output}\n")
