"""`evo plot`."""

from pathlib import Path
from typing import Annotated

import typer

from autograd_cli.cli.choosing import (
    OverOption,
    RunsArgument,
    SinceOption,
    UntilOption,
    WhereOption,
    chosen_runs,
)
from autograd_cli.cli.completion import complete_key, complete_theme


def plot(
    runs: RunsArgument = None,
    output: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a .svg, .png, .pdf, or a fit as a .gif.")
    ] = None,
    x: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="The last loss against this key.", autocompletion=complete_key),
    ] = None,
    y: Annotated[
        str | None,
        typer.Option(
            metavar="KEY",
            help="With --x: a heat map of the last loss over both.",
            autocompletion=complete_key,
        ),
    ] = None,
    where: WhereOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    group_by: Annotated[
        str | None,
        typer.Option(
            metavar="KEYS",
            help="One curve a group of runs that agree on these.",
            autocompletion=complete_key,
        ),
    ] = None,
    over: OverOption = None,
    fit: Annotated[bool, typer.Option("--fit", help="Data, fit and residual of sin or linear.")] = False,
    theme: Annotated[
        str, typer.Option(help="Of a file: light or dark.", autocompletion=complete_theme)
    ] = "light",
) -> None:
    """Draw recorded runs: loss curves, last losses against a key, a heat map, or a fit."""
    import autograd_cli as evo
    from autograd_cli.api.plot import check_output
    from autograd_cli.display.figures import check_matplotlib
    from autograd_cli.display.streams import put, tell
    from autograd_cli.display.theme import THEMES
    from autograd_cli.errors import ConfigError, choose

    choose(theme, THEMES, "theme")
    if output:
        check_matplotlib(check_output(Path(output)))
    found = chosen_runs(runs, where, since, until)
    if not found.records:
        reason = found.note or "none of the paths is a run or a CSV file of losses"
        raise ConfigError(f"nothing to plot: {reason}")
    picture = evo.plot(map(evo.Run, found.records), x=x, y=y, group_by=group_by, over=over, fit=fit)
    for note in picture.notes:
        tell(note)
    if output:
        picture.save(output, theme=theme)
    else:
        put(picture.text())
