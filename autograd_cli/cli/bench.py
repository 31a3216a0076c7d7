"""`evo bench`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from autograd_cli.cli.completion import complete_impl, complete_task, complete_theme
from autograd_cli.cli.options import MANY_RUNS, with_keys
from autograd_cli.errors import ExitCode

if TYPE_CHECKING:
    from autograd_cli.config.files import Setting

_OPTIONS: dict[str, Any] = MANY_RUNS | {
    "task": Annotated[str | None, typer.Option(help="Only this task.", autocompletion=complete_task)],
    "impl": Annotated[
        str | None,
        typer.Option(
            help="Only these levels, with commas; FILE.py:Class for your own.", autocompletion=complete_impl
        ),
    ],
}


@with_keys(_OPTIONS)
def bench(
    keys: "dict[str, Setting]",
    as_published: Annotated[
        bool, typer.Option("--as-published", help="Each level's own settings, not equal terms.")
    ] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Within 20 seconds, without start-up.")] = False,
    time: Annotated[str | None, typer.Option(metavar="TIME", help="At most about this long: 2m.")] = None,
    output: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write what was measured, for --against.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(metavar="FILE", help="Tell what is better or worse than in this file.")
    ] = None,
    fail_above: Annotated[
        str | None,
        typer.Option(metavar="PERCENT", help="With --against: exit 1 if a level is worse by more."),
    ] = None,
    plot: Annotated[
        str | None, typer.Option(metavar="FILE", help="Draw bars, or growth, to a .svg, .png or .pdf.")
    ] = None,
    theme: Annotated[
        str, typer.Option(help="Of the picture: light or dark.", autocompletion=complete_theme)
    ] = "light",
    format_: Annotated[str, typer.Option("--format", help="table, json, csv or markdown.")] = "table",
) -> None:
    """Measure what a step of each level costs on this machine, and how near its floor that is."""
    import autograd_cli as evo
    from autograd_cli.api.bench import check_picture
    from autograd_cli.display.bench import BENCH_FORMATS, limit_of, progress
    from autograd_cli.display.streams import put, tell
    from autograd_cli.display.theme import THEMES
    from autograd_cli.errors import choose

    choose(format_, BENCH_FORMATS, "format")
    choose(theme, THEMES, "theme")
    limit = limit_of(fail_above, against)
    if plot:
        check_picture(Path(plot))
    with progress() as show:
        found = evo.bench(
            as_published=as_published,
            quick=quick,
            time=time,
            output=output,
            against=against,
            progress=show,
            **keys,
        )
    put(found.text(format_))
    if plot:
        found.plot(plot, theme=theme)
    tell(found.summary)
    for note in found.notes:
        tell(note)
    raise typer.Exit(ExitCode.FAILED if limit is not None and found.worst > limit else ExitCode.DONE)
