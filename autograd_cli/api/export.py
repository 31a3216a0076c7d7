"""Runs in the files of other tools."""

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from os import PathLike, fspath
from pathlib import Path

from autograd_cli.api.runs import AnyRun, load
from autograd_cli.errors import ConfigError, choose
from autograd_cli.runs.record import RunRecord

# Each is a module of `export`, imported when it is asked for, and with it the tool's library.
TOOLS = {"tensorboard": "to_tensorboard", "mlflow": "to_mlflow", "parquet": "to_parquet"}


def export(runs: AnyRun | Iterable[AnyRun], *, to: str, output: str | PathLike[str]) -> int:
    """Write runs into a folder in the form of another tool; how many of them are new there, or have changed.

    Args:
        runs: runs, paths of run directories, of folders of them or of CSV files, or patterns.
        to: `tensorboard`, `mlflow` or `parquet`.
        output: the folder: a new one, or one that runs were exported to before, where they are not doubled.

    Raises:
        ConfigError: an unknown tool, one that is not installed, a folder of something else, or no run.
        RunError: a path is no run, or its losses cannot be read.

    """
    write: Callable[[Sequence[RunRecord], Path], int]
    function = choose(to, TOOLS, "to")
    records = [run.record for run in load(runs) if run.path is not None]
    if not records:
        raise ConfigError("nothing to export: no run of a directory is given")
    write = getattr(import_module(f"autograd_cli.export.{to}"), function)
    return write(records, Path(fspath(output)))
