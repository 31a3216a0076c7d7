"""`evo report`."""

from typing import Annotated

import typer

from autograd_cli.cli.choosing import RunsArgument, SinceOption, UntilOption, WhereOption, chosen_runs
from autograd_cli.cli.completion import complete_task


def report(
    runs: RunsArgument = None,
    output: Annotated[
        str, typer.Option(metavar="FILE", help="The page, which ends in .html.")
    ] = "evolution.html",
    patterns: Annotated[
        list[str] | None,
        typer.Option("--runs", metavar="PATTERN", help="Run directories, by a pattern in quotes."),
    ] = None,
    where: WhereOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    task: Annotated[
        str | None, typer.Option(help="Only these tasks, with commas.", autocompletion=complete_task)
    ] = None,
    lang: Annotated[str, typer.Option(help="The page's language: en or zh.")] = "en",
    verdicts: Annotated[
        str | None, typer.Option(metavar="FILE", help="What evo verify --report has written.")
    ] = None,
) -> None:
    """Make one page of the whole evolution: code, differences, curves, costs and verdicts of all levels."""
    import autograd_cli as evo
    from autograd_cli.api.report import check_output
    from autograd_cli.config.files import Setting
    from autograd_cli.display.streams import put, tell
    from autograd_cli.errors import ConfigError

    check_output(output)
    tasks = None if task is None else Setting(task, "--task")
    chosen: list[str | evo.Run] = list(patterns or ())
    if runs or not patterns:
        found = chosen_runs(runs, where, since, until)
        if not found.records:
            raise ConfigError(f"nothing to report: {found.note or 'there is no run'}")
        chosen += map(evo.Run, found.records)
    page = evo.report(
        chosen, task=tasks, where=where or (), since=since, until=until, lang=lang, verdicts=verdicts
    )
    path = page.write(output)
    for complaint in page.complaints:
        tell(f"warning: {complaint}")
    put(f"{path}: {page.levels} levels, {page.drawn} with a curve\n")
