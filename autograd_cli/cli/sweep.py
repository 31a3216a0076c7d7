"""`evo sweep`."""

from typing import TYPE_CHECKING, Annotated

import typer

from autograd_cli.cli.completion import complete_assignment, complete_engine
from autograd_cli.cli.options import (
    MANY_RUNS,
    ConfigOption,
    DevicesOption,
    JsonOption,
    QuietOption,
    whole_number,
    with_keys,
)
from autograd_cli.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from autograd_cli.config.files import Setting

_Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="FILE|KEY=VALUES",
        help="A sweep's YAML file, and values: 1e-7,1e-6  0..9  lin:A:B:N  log:A:B:N  repeats=N.",
        autocompletion=complete_assignment,
    ),
]


@with_keys(MANY_RUNS, _Words)
def sweep(
    keys: "dict[str, Setting]",
    files: list[str],
    config: ConfigOption = None,
    zip_: Annotated[
        bool | None, typer.Option("--zip/--no-zip", help="Pairs of values in place of the product.")
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            help="auto, serial, processes, batched or dask.",
            autocompletion=complete_engine,
            show_default="auto",
        ),
    ] = None,
    workers: Annotated[
        str | None, typer.Option(metavar="INT", help="Runs at a time, as cores allow.")
    ] = None,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler.")] = None,
    devices: DevicesOption = None,
    name: Annotated[str | None, typer.Option(help="Name of the sweep; with {lr} in it, of its runs.")] = None,
    timeout: Annotated[str | None, typer.Option(metavar="TIME", help="For a run: 30s, 5m, 2h.")] = None,
    budget: Annotated[str | None, typer.Option(metavar="TIME", help="For the whole sweep.")] = None,
    runs_dir: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Folder for run directories.", show_default="runs"),
    ] = None,
    group: Annotated[
        bool | None,
        typer.Option("--group/--no-group", help="Into a folder there that has the sweep's name."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would run, and run nothing.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run again what failed.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Run everything again.")] = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast/--keep-going", help="Stop at the first failed run, or go on.")
    ] = False,
    stale: Annotated[
        str, typer.Option(metavar="HOW", help="rerun or keep what was made by other code of your own level.")
    ] = "rerun",
    quiet: QuietOption = False,
    json: JsonOption = False,
) -> None:
    """Train many runs: every combination of the values, except those that are there already."""
    import autograd_cli as evo
    from autograd_cli.cli.ending import collect_from_here
    from autograd_cli.display.streams import put, tell
    from autograd_cli.display.sweep import open_screen, plan_text
    from autograd_cli.sweep.events import Finished, Note
    from autograd_cli.training.signals import Interruption

    if len(files) > 1:
        raise ConfigError(f"argument '{files[1]}': one sweep file at a time; '{files[0]}' is one already")
    job = evo.plan(
        file=files[0] if files else None,
        config=config,
        name=name,
        zip=zip_,
        runs_dir=runs_dir,
        engine=engine,
        workers=None if workers is None else whole_number(workers),
        scheduler=scheduler,
        devices=devices,
        timeout=timeout,
        budget=budget,
        group=group,
        retry_failed=retry_failed,
        force=force,
        fail_fast=fail_fast,
        stale=stale,
        **keys,
    )
    if job.is_limited:
        tell(f"note: {job.workers} workers: more would share cores or GPUs")
    if dry_run:
        put(plan_text(job))
        return
    screen = open_screen(job, "json" if json else "quiet" if quiet else "table")
    with Interruption() as interruption, screen:
        for event in job.run(interruption):
            screen.show(event)
            if isinstance(event, Note):
                tell(f"note: {event.text}")
            if isinstance(event, Finished) and event.outcome.is_new:
                collect_from_here()
    screen.finish()
    if interruption.signal and not job.gave_up:
        raise typer.Exit(128 + interruption.signal)
    raise typer.Exit(ExitCode.FAILED if job.has_failed or job.used_up else ExitCode.DONE)
