"""The one reader of run directories, and of any CSV file that can stand beside them."""

import fcntl
from pathlib import Path

from autograd_cli.errors import RunError
from autograd_cli.runs.losses import read_losses, summarize
from autograd_cli.runs.record import LOSSES, RunRecord, read_record


def read_run(path: Path) -> RunRecord:
    """The record of the run in directory `path`, or of the CSV file `path`.

    A run that says `running` but whose writer is gone reads as `interrupted`; what its last record does not
    know yet is then taken from losses.csv, as it is for a run that still goes on.

    Raises:
        RunError: `path` does not exist, is neither of the two, or cannot be read.

    """
    if path.is_dir():
        record = read_record(path)
        if record.status == "running":
            if not _has_writer(path):
                # Between the reading and the look at the lock the writer may have ended the run properly.
                record = read_record(path)
            if record.status == "running":
                record.status = "running" if _has_writer(path) else "interrupted"
                record.take(summarize(read_losses(path / LOSSES, maybe_torn=True)))
        return record
    if not path.exists():
        raise RunError(f"{path}: no such run or file")
    record = RunRecord(path=str(path), status="csv")
    record.take(summarize(read_losses(path)))
    return record


def _has_writer(path: Path) -> bool:
    """Whether the process that writes the run in `path` still lives: it holds the lock on losses.csv."""
    try:
        with (path / LOSSES).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
