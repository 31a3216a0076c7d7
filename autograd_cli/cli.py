"""The commands: parse, one library call, print. Each imports what it needs when it runs."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from autograd_cli.display.streams import discard_stdout
from autograd_cli.errors import ConfigError, EvoError, ExitCode
from autograd_cli.interruption import Terminated

# ruff: noqa: PLC0415 - `evo --help` and completion must not wait for what one command needs


class EvoGroup(TyperGroup):
    """The one place where errors become a line on stderr and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except EvoError as error:
            typer.echo(f"evo: {error}", err=True)
            code: int = error.exit_code
        except KeyboardInterrupt:
            code = ExitCode.INTERRUPTED
        except Terminated:
            code = ExitCode.TERMINATED
        except BrokenPipeError:
            discard_stdout()
            code = ExitCode.DONE
        raise typer.Exit(code)


app = typer.Typer(
    name="evo",
    cls=EvoGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from autograd_cli import __version__

        typer.echo(f"evo {__version__}")
        raise typer.Exit


@app.callback()
def evo(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Train one small problem at rising levels of abstraction, and compare what each level does and costs."""


def complete_task(incomplete: str) -> list[str]:
    """Names of tasks that begin with what was typed."""
    from autograd_cli.registry import TASKS

    return [name for name in TASKS if name.startswith(incomplete)]


def complete_impl(incomplete: str) -> list[str]:
    """Names of implementations that begin with what was typed."""
    from autograd_cli.registry import implementation_names

    return [name for name in implementation_names() if name.startswith(incomplete)]


def complete_config(incomplete: str) -> list[str]:
    """Configurations that come with evo, and YAML files here, that begin with what was typed."""
    from autograd_cli.config import shipped_configs

    folder, _, stem = incomplete.rpartition("/")
    here = Path(folder or ".")
    prefix = f"{folder}/" if folder else ""
    files = [f"{prefix}{p.name}{'/' if p.is_dir() else ''}" for p in here.glob(f"{stem}*") if _is_config(p)]
    return [name for name in shipped_configs() if name.startswith(incomplete)] + sorted(files)


def _is_config(path: Path) -> bool:
    return path.is_dir() or path.suffix in (".yaml", ".yml")


def complete_assignment(incomplete: str) -> list[str]:
    """Keys of all tasks, each with its `=`, that begin with what was typed."""
    from autograd_cli.config import keys_of
    from autograd_cli.registry import TASKS

    names = dict.fromkeys(name for task in TASKS.values() for name in keys_of(task))
    return [f"{name}=" for name in names if name.startswith(incomplete)]


def complete_engine(incomplete: str) -> list[str]:
    """Names of sweep engines that begin with what was typed."""
    from autograd_cli.sweep.sweep import ENGINES

    return [name for name in ENGINES if name.startswith(incomplete)]


@app.command()
def train(
    assignments: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="Hyperparameters.", autocompletion=complete_assignment),
    ] = None,
    task: Annotated[str | None, typer.Option(help="What to train.", autocompletion=complete_task)] = None,
    impl: Annotated[str | None, typer.Option(help="The level.", autocompletion=complete_impl)] = None,
    device: Annotated[str | None, typer.Option(help="cpu or cuda.")] = None,
    config: Annotated[
        str | None,
        typer.Option(
            help="YAML file, run directory, or shipped configuration.", autocompletion=complete_config
        ),
    ] = None,
    seed: Annotated[
        str | None, typer.Option(metavar="INT", help="Seed of data, start and control flow.")
    ] = None,
    steps: Annotated[str | None, typer.Option(metavar="INT", help="Number of training steps.")] = None,
    lr: Annotated[str | None, typer.Option(metavar="FLOAT", help="Learning rate.")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32 or float64.")] = None,
    threads: Annotated[str | None, typer.Option(metavar="INT", help="Threads of a matrix product.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the run directory.")] = None,
    runs_dir: Annotated[Path, typer.Option(help="Folder for run directories.")] = Path("runs"),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the run directory alone.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Train one implementation of one task and record the run."""
    from autograd_cli.config import Setting, find_config, parse_assignment, read_config_file, resolve
    from autograd_cli.display.training import open_screen
    from autograd_cli.experiment import Experiment
    from autograd_cli.interruption import Interruption

    options = {"task": task, "impl": impl, "device": device, "seed": seed, "steps": steps, "lr": lr}
    options |= {"dtype": dtype, "threads": threads}
    given = [(key, Setting(text, f"--{key}")) for key, text in options.items() if text is not None]
    given += [parse_assignment(argument) for argument in assignments or []]
    file = read_config_file(find_config(config)) if config else None
    experiment = Experiment(resolve(given, file), runs_dir, name)
    screen = open_screen(experiment.config, "json" if json else "quiet" if quiet else "table")
    with Interruption() as interruption, screen:
        for batch in experiment.run(interruption):
            screen.show(batch)
    screen.finish(experiment.record)
    if interruption.signal and experiment.record.status == "interrupted":
        raise typer.Exit(128 + interruption.signal)
    raise typer.Exit(experiment.record.exit_code)


@app.command()
def sweep(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[FILE] [KEY=VALUES]...",
            help="A sweep's YAML file, and values: 1e-7,1e-6  0..9  lin:A:B:N  log:A:B:N  repeats=N.",
            autocompletion=complete_assignment,
        ),
    ] = None,
    task: Annotated[str | None, typer.Option(help="What to train.", autocompletion=complete_task)] = None,
    impl: Annotated[str | None, typer.Option(help="The levels.", autocompletion=complete_impl)] = None,
    device: Annotated[str | None, typer.Option(help="cpu or cuda.")] = None,
    config: Annotated[
        str | None,
        typer.Option(help="Configuration that the runs start from.", autocompletion=complete_config),
    ] = None,
    seed: Annotated[str | None, typer.Option(metavar="INTS", help="Seeds.")] = None,
    steps: Annotated[str | None, typer.Option(metavar="INTS", help="Number of training steps.")] = None,
    lr: Annotated[str | None, typer.Option(metavar="FLOATS", help="Learning rates.")] = None,
    dtype: Annotated[str | None, typer.Option(help="float32 or float64.")] = None,
    threads: Annotated[str | None, typer.Option(metavar="INTS", help="Threads of a matrix product.")] = None,
    zip_: Annotated[bool, typer.Option("--zip", help="Pairs of values in place of the product.")] = False,
    engine: Annotated[
        str, typer.Option(help="auto, serial, processes, batched or dask.", autocompletion=complete_engine)
    ] = "auto",
    workers: Annotated[
        int | None, typer.Option(metavar="INT", help="Runs at a time, as cores allow.")
    ] = None,
    scheduler: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Dask scheduler.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the sweep.")] = None,
    runs_dir: Annotated[Path, typer.Option(help="Folder for run directories.")] = Path("runs"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would run, and run nothing.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run again what failed.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Run everything again.")] = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast/--keep-going", help="Stop at the first failed run, or go on.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the run directories alone.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Train many runs: every combination of the values, except those that are there already."""
    from autograd_cli.display.sweep import open_screen, plan_text
    from autograd_cli.interruption import Interruption
    from autograd_cli.sweep.plan import combine, make_plan
    from autograd_cli.sweep.queue import Rerun
    from autograd_cli.sweep.sweep import Options, Sweep

    keys = {"task": task, "impl": impl, "device": device, "seed": seed, "steps": steps, "lr": lr}
    keys |= {"dtype": dtype, "threads": threads}
    plan = make_plan(combine(arguments or [], keys, config=config, name=name, pairs=zip_))
    rerun = Rerun(failed=retry_failed, everything=force)
    job = Sweep(plan, runs_dir, Options(engine, workers, scheduler, rerun, fail_fast))
    if job.is_limited:
        typer.echo(f"evo: note: {job.workers} workers: more would share the same cores", err=True)
    if dry_run:
        typer.echo(plan_text(job), nl=False)
        return
    screen = open_screen(job, "json" if json else "quiet" if quiet else "table")
    with Interruption() as interruption, screen:
        for event in job.run(interruption):
            screen.show(event)
    screen.finish()
    if interruption.signal and not job.gave_up:
        raise typer.Exit(128 + interruption.signal)
    raise typer.Exit(ExitCode.FAILED if job.has_failed else ExitCode.DONE)


@app.command("list")
def list_() -> None:
    """Show the tasks and their levels: what each teaches and where it runs."""
    from autograd_cli.display.tables import implementations_table
    from autograd_cli.registry import TASKS

    typer.echo(implementations_table(list(TASKS.values())), nl=False)


@app.command()
def compare(
    runs: Annotated[
        list[Path], typer.Argument(help="Run directories, or CSV files with step and loss columns.")
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
    from autograd_cli.compare import compare, load_runs
    from autograd_cli.display.tables import COMPARISON_FORMATS
    from autograd_cli.errors import unknown

    if format_ not in COMPARISON_FORMATS:
        raise unknown("format", format_, COMPARISON_FORMATS, "--format")
    records, complaints = load_runs(runs)
    for complaint in complaints:
        typer.echo(f"evo: warning: {complaint}", err=True)
    if not records:
        raise EvoError("nothing to compare: none of the paths is a run or a CSV file of losses")
    if group_by is None and over is None:
        typer.echo(COMPARISON_FORMATS[format_](compare(records, sort, baseline, where or ())), nl=False)
        return
    from autograd_cli.display.groups import GROUPING_FORMATS
    from autograd_cli.groups import group

    if baseline is not None:
        raise ConfigError("--baseline: groups have no ratios; leave out --group-by and --over")
    grouping = group(compare(records, where=where or ()), group_by, over, sort)
    if grouping.left_out:
        typer.echo(f"evo: note: {grouping.left_out} runs have not come to their end; left out", err=True)
    typer.echo(GROUPING_FORMATS[format_](grouping), nl=False)
