"""The commands: parse, one library call, print. Each imports what it needs when it runs."""

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from autograd_cli.cli.completion import complete_assignment, complete_engine, complete_impl, complete_task
from autograd_cli.cli.options import (
    Assignments,
    ConfigOption,
    DeviceOption,
    DtypeOption,
    ImplOption,
    JsonOption,
    RunsDirOption,
    TaskOption,
)
from autograd_cli.display.streams import discard_stdout
from autograd_cli.errors import ConfigError, EvoError, ExitCode
from autograd_cli.training.signals import Terminated


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


@app.command()
def train(
    assignments: Assignments = None,
    task: TaskOption = None,
    impl: ImplOption = None,
    device: DeviceOption = None,
    config: ConfigOption = None,
    seed: Annotated[
        str | None, typer.Option(metavar="INT", help="Seed of data, start and control flow.")
    ] = None,
    steps: Annotated[str | None, typer.Option(metavar="INT", help="Number of training steps.")] = None,
    lr: Annotated[str | None, typer.Option(metavar="FLOAT", help="Learning rate.")] = None,
    dtype: DtypeOption = None,
    threads: Annotated[str | None, typer.Option(metavar="INT", help="Threads of a matrix product.")] = None,
    name: Annotated[str | None, typer.Option(help="Name of the run directory.")] = None,
    runs_dir: RunsDirOption = Path("runs"),
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the run directory alone.")] = False,
    json: JsonOption = False,
) -> None:
    """Train one implementation of one task and record the run."""
    from autograd_cli.config.resolve import resolve_command_line
    from autograd_cli.display.training import open_screen
    from autograd_cli.training.run import Experiment
    from autograd_cli.training.signals import Interruption

    options = {"task": task, "impl": impl, "device": device, "seed": seed, "steps": steps, "lr": lr}
    options |= {"dtype": dtype, "threads": threads}
    resolved = resolve_command_line(options, assignments or (), config)
    experiment = Experiment(resolved, runs_dir, name)
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
    task: TaskOption = None,
    impl: ImplOption = None,
    device: DeviceOption = None,
    config: ConfigOption = None,
    seed: Annotated[str | None, typer.Option(metavar="INTS", help="Seeds.")] = None,
    steps: Annotated[str | None, typer.Option(metavar="INTS", help="Number of training steps.")] = None,
    lr: Annotated[str | None, typer.Option(metavar="FLOATS", help="Learning rates.")] = None,
    dtype: DtypeOption = None,
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
    runs_dir: RunsDirOption = Path("runs"),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would run, and run nothing.")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run again what failed.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Run everything again.")] = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast/--keep-going", help="Stop at the first failed run, or go on.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print the run directories alone.")] = False,
    json: JsonOption = False,
) -> None:
    """Train many runs: every combination of the values, except those that are there already."""
    from autograd_cli.display.sweep import open_screen, plan_text
    from autograd_cli.sweep.plan import make_plan
    from autograd_cli.sweep.queue import Rerun
    from autograd_cli.sweep.request import combine
    from autograd_cli.sweep.sweep import Options, Sweep
    from autograd_cli.training.signals import Interruption

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
    from autograd_cli.catalogue.registry import all_tasks
    from autograd_cli.display.tables import implementations_table

    typer.echo(implementations_table(list(all_tasks().values())), nl=False)


@app.command()
def verify(
    assignments: Assignments = None,
    task: Annotated[str | None, typer.Option(help="Only this task.", autocompletion=complete_task)] = None,
    impl: Annotated[
        str | None,
        typer.Option(
            help="Only these levels, with commas; FILE.py:Class for your own.", autocompletion=complete_impl
        ),
    ] = None,
    steps: Annotated[str | None, typer.Option(metavar="INT", help="Steps in lockstep.")] = None,
    tolerance: Annotated[
        str, typer.Option(metavar="FLOAT", help="Largest relative difference that passes.")
    ] = "1e-9",
    dtype: Annotated[str, typer.Option(help="float32 or float64.")] = "float64",
    quick: Annotated[bool, typer.Option("--quick", help="Fewer steps and directions.")] = False,
    format_: Annotated[str, typer.Option("--format", help="table or json.")] = "table",
) -> None:
    """Prove levels equal and their gradients right; exit 1 if one is not."""
    from autograd_cli.display.verdicts import VERDICT_FORMATS, progress
    from autograd_cli.errors import choose
    from autograd_cli.verify.cells import verify
    from autograd_cli.verify.plan import choose_cells, make_plan

    show = choose("format", format_, VERDICT_FORMATS, "--format")
    plan = make_plan(steps, tolerance, dtype, quick, assignments or ())
    cells = choose_cells(task, impl)
    with progress(len(cells)) as announce:
        verdicts = list(verify(cells, plan, announce))
    typer.echo(show(verdicts), nl=False)
    raise typer.Exit(0 if all(verdict.passed for verdict in verdicts) else ExitCode.FAILED)


@app.command()
def graph(
    assignments: Assignments = None,
    task: TaskOption = None,
    impl: ImplOption = None,
    config: ConfigOption = None,
    accumulate: Annotated[
        bool,
        typer.Option("--accumulate", help="Show what a second backward() adds."),
    ] = False,
    format_: Annotated[str, typer.Option("--format", help="tree, dot, mermaid or svg.")] = "tree",
) -> None:
    """Draw the graph that autograd built in one forward pass."""
    from autograd_cli.config.resolve import resolve_command_line
    from autograd_cli.display.graphs import GRAPH_FORMATS, accumulation_table
    from autograd_cli.errors import choose
    from autograd_cli.graph import NoGraphError, read_accumulation, read_graph

    draw = choose("format", format_, GRAPH_FORMATS, "--format")
    resolved = resolve_command_line({"task": task, "impl": impl}, assignments or (), config)
    try:
        text = accumulation_table(read_accumulation(resolved)) if accumulate else draw(read_graph(resolved))
    except NoGraphError as reason:
        if format_ != "tree":
            raise
        text = f"{reason}\n"  # an answer, though there is nothing to draw
    typer.echo(text, nl=False)


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
    from autograd_cli.compare.comparison import compare, load_runs
    from autograd_cli.display.tables import COMPARISON_FORMATS
    from autograd_cli.errors import choose

    show = choose("format", format_, COMPARISON_FORMATS, "--format")
    records, complaints = load_runs(runs)
    for complaint in complaints:
        typer.echo(f"evo: warning: {complaint}", err=True)
    if not records:
        raise EvoError("nothing to compare: none of the paths is a run or a CSV file of losses")
    if group_by is None and over is None:
        typer.echo(show(compare(records, sort, baseline, where or ())), nl=False)
        return
    from autograd_cli.compare.groups import group
    from autograd_cli.display.groups import GROUPING_FORMATS

    if baseline is not None:
        raise ConfigError("--baseline: groups have no ratios; leave out --group-by and --over")
    grouping = group(compare(records, where=where or ()), group_by, over, sort)
    if grouping.left_out:
        typer.echo(f"evo: note: {grouping.left_out} runs have not come to their end; left out", err=True)
    typer.echo(GROUPING_FORMATS[format_](grouping), nl=False)


@app.command(context_settings={"ignore_unknown_options": True})
def predict(
    context: typer.Context,
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run directory.")],
    numbers: Annotated[
        list[str] | None,
        typer.Argument(metavar="NUMBER", help="Inputs, one after the other; -1 works, too."),
    ] = None,
    input_: Annotated[
        Path | None, typer.Option("--input", metavar="FILE", help="Inputs from a .csv or .npy file.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a new .csv or .npy file instead of printing.")
    ] = None,
    depth: Annotated[
        str, typer.Option(metavar="INT", help="Of `dynamic`: extra terms, or passes of the middle layer.")
    ] = "0",
    format_: Annotated[str, typer.Option("--format", help="plain, csv or json.")] = "plain",
) -> None:
    """Predict with a trained model; without inputs, for those that it was trained on."""
    from autograd_cli.errors import choose
    from autograd_cli.predict.model import find_inputs, load_model, parse_depth
    from autograd_cli.predict.rows import ROW_FORMATS, check_new, write_rows

    show = choose("format", format_, ROW_FORMATS, "--format")
    if output:
        check_new(output, "--output")
    options = [name for parameter in context.command.params for name in parameter.opts if name[0] == "-"]
    model = load_model(run)
    inputs = find_inputs(model, numbers or (), input_, options)
    predictions = model.predict(inputs, parse_depth(depth))
    if output:
        write_rows(output, predictions, "--output")
    else:
        typer.echo(show(predictions), nl=False)
