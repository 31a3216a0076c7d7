"""`evo report`."""

from typing import Annotated

import typer

from autograd_cli.cli.completion import complete_task


def report(
    output: Annotated[
        str, typer.Option(metavar="FILE", help="The page, which ends in .html.")
    ] = "evolution.html",
    runs: Annotated[
        list[str] | None,
        typer.Option(metavar="PATTERN", help="Run directories.", show_default="runs/*"),
    ] = None,
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

    check_output(output)
    chosen = None if task is None else Setting(task, "--task")
    page = evo.report(runs or ["runs/*"], task=chosen, lang=lang, verdicts=verdicts)
    path = page.write(output)
    for complaint in page.complaints:
        tell(f"warning: {complaint}")
    put(f"{path}: {page.levels} levels, {page.drawn} with a curve\n")
