"""Plan and run many runs."""

import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from os import PathLike, fspath
from pathlib import Path
from signal import SIGINT
from typing import Any

from autograd_cli.api.given import Given, classes_in, level_of, many_of, settings_of
from autograd_cli.api.runs import Run
from autograd_cli.config.files import Setting
from autograd_cli.contract.level import LevelClass
from autograd_cli.errors import choose
from autograd_cli.runs.reader import read_run
from autograd_cli.sweep.events import Event
from autograd_cli.sweep.queue import Rerun
from autograd_cli.sweep.request import make_request
from autograd_cli.sweep.sweep import Sweep, make_sweep
from autograd_cli.training.signals import Interruption

# What to do with runs of a level of the user's own whose code has changed since.
STALE = {"rerun": True, "keep": False}

Levels = str | Setting | LevelClass | list[str | LevelClass]


def plan(
    task: Given | list[str] = None,
    impl: Levels | None = None,
    *,
    file: str | None = None,
    config: str | None = None,
    name: str | None = None,
    zip: bool | None = None,  # noqa: A002 - the word that the command line has for it
    runs_dir: str | PathLike[str] | None = None,
    engine: str | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    devices: str | int | Iterable[int] | None = None,
    timeout: str | float | None = None,
    budget: str | float | None = None,
    group: bool | None = None,
    retry_failed: bool = False,
    force: bool = False,
    fail_fast: bool = False,
    stale: str = "rerun",
    **keys: Given | Iterable[Any],
) -> Sweep:
    """A sweep, checked and ready to run: `.plan.runs` are its runs, `.preview()` says which of them are left.

    The arguments are those of `sweep`; without `runs_dir` it is the sweep file's, or `runs`.
    """
    settings = many_of({"task": task, "impl": level_of(impl), **keys})
    options = {
        "engine": engine,
        "workers": workers,
        "scheduler": scheduler,
        "runs_dir": None if runs_dir is None else fspath(runs_dir),
        "timeout": timeout,
        "budget": budget,
        "group": group,
    }
    request = make_request(
        settings,
        file=file,
        config=config,
        name=name,
        pairs=zip,
        classes=classes_in(impl),
        options=settings_of(options) | many_of({"devices": devices}),
    )
    rerun = Rerun(retry_failed, force, choose(stale, STALE, "stale"))
    return make_sweep(request, rerun, fail_fast=fail_fast)


def sweep(
    task: Given | list[str] = None,
    impl: Levels | None = None,
    *,
    runs_dir: str | PathLike[str] | None = "runs",
    on_event: Callable[[Event], None] | None = None,
    interruption: Interruption | None = None,
    **arguments: Any,
) -> list[Run]:
    """Train every combination of values, except those that are there already.

    Args:
        task: names of tasks.
        impl: names of levels, `FILE.py:Class`, or classes with the three verbs.
        runs_dir: the folder for run directories, unless the sweep's file names one; None keeps the runs in
            memory alone.
        on_event: called as runs start and end, and at least every tenth of a second.
        interruption: as of `train`.
        arguments: `file` (a sweep's YAML file), `config` (what the runs start from), `name`, `zip` (pairs of
            values in place of the product), `engine` (auto, serial, processes, batched or dask), `workers`
            (runs at a time), `scheduler` (of Dask), `devices` (numbers of GPUs, a run on each at a time),
            `timeout` of a run and `budget` of the sweep (`"30s"`, `"5m"`, `"2h"`, or seconds),
            `group` (into a folder there that has the sweep's name), `retry_failed`, `force` (run everything
            again), `fail_fast`, `stale` (rerun or keep what was made by other code of a level of yours); and
            any key of the task, whose values are the command line's
            text (`"1e-7,1e-6"`, `"0..9"`, `"log:1e-7:1e-6:4"`), a single value, or any iterable of values.

    Returns:
        The runs in the order of the plan, those that failed among them; those that were not run are missing.

    Raises:
        ConfigError: an argument that cannot be used; nothing was written.

    """
    memory = Path(tempfile.mkdtemp(prefix="evo-")) if runs_dir is None else None
    folder = memory or (None if runs_dir == "runs" else runs_dir)
    try:
        job = plan(task, impl, runs_dir=folder, **arguments)
        with nullcontext(interruption) if interruption else Interruption((SIGINT,)) as asked:
            for event in job.run(asked):
                if on_event:
                    on_event(event)
        if interruption is None and asked.signal is not None:
            raise KeyboardInterrupt
        paths = [job.outcomes[i].path for i in sorted(job.outcomes)]
        runs = [Run(read_run(Path(path))) for path in paths if path is not None]
        return [run.detach() for run in runs] if memory else runs
    finally:
        if memory:
            shutil.rmtree(memory, ignore_errors=True)
