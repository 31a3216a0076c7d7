"""The one reader of run directories, and of any CSV file that can stand beside them."""

import fcntl
from pathlib import Path

from autograd_cli.config.reading import is_folder, look, open_regular
from autograd_cli.errors import RunError
from autograd_cli.runs.losses import read_losses, summarize
from autograd_cli.runs.notes import read_note
from autograd_cli.runs.record import LOSSES, RECORD, RunRecord, read_record, what_is_missing


def read_run(path: Path) -> RunRecord:
    """The record of the run in directory `path`, or of the CSV file `path`.

    A run that says `running` but whose writer is gone reads as `interrupted`; what its last record does not
    know yet is then taken from losses.csv, as it is for a run that still goes on. A run whose other files are
    not as its record says reads as `damaged`.

    Raises:
        RunError: `path` does not exist, is neither of the two, or cannot be read.

    """
    try:
        if is_folder(path):
            return read_run_folder(path)
        if look(path) is None:
            raise RunError(f"{path}: no such run or file")
    except OSError as error:
        raise RunError(f"{path}: cannot read: {error.strerror}") from error
    record = RunRecord(path=str(path), status="csv")
    record.take(summarize(read_losses(path, maybe_torn=_is_of_a_run(path))))
    return record


def read_run_folder(path: Path | str) -> RunRecord:
    """The record of the run in the directory `path`, as of `read_run`.

    Raises:
        RunError: there is none, or it cannot be read.

    """
    record = read_record(path)
    if record.status == "running" and not _has_writer(path):
        # Between the reading and the look at the lock the writer may have ended the run properly.
        record = read_record(path)
        if record.status == "running" and not _has_writer(path):
            record.status = "interrupted"
    missing = what_is_missing(path, record)
    if missing is not None:
        record.status, record.error = "damaged", missing
    elif record.status in ("running", "interrupted") and record.finished_at is None:
        record.take(summarize(read_losses(Path(path, LOSSES), maybe_torn=True)))
    record.note = read_note(path)
    return record


def _is_of_a_run(path: Path) -> bool:
    """Whether a CSV file is a run's own, whose last line may be torn."""
    return path.name == LOSSES and look(path.with_name(RECORD)) is not None


def _has_writer(path: Path | str) -> bool:
    """Whether the process that writes the run in `path` still lives: it holds the lock on losses.csv."""
    try:
        with open_regular(f"{path}/{LOSSES}") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
