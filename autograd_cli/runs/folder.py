"""Folders of runs: what is in one, and how a run leaves it."""

import fcntl
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

from autograd_cli.config.reading import open_regular
from autograd_cli.errors import ConfigError, RunError
from autograd_cli.runs.nursery import hidden_folder
from autograd_cli.runs.reader import read_run_folder
from autograd_cli.runs.record import LOSSES, RECORD, NoRunError, RunRecord

# Runs that came to their end, and those that did not.
DONE = ("completed", "diverged")
HALF_DONE = ("interrupted", "failed", "timed out", "damaged")

# Others hold the lock of a run that has ended for the moment in which they ask whether it goes on.
_TRIES = 20
_WAIT_S = 0.01


def names_in(folder: Path) -> list[str]:
    """Names of what may be runs in a folder: its directories, less the hidden ones, in order.

    Raises:
        RunError: the folder cannot be read.

    """
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.name[0] != "." and entry.is_dir())
    except OSError as error:
        raise RunError(f"{folder}: cannot read: {error.strerror}") from error


def groups_in(folder: Path) -> list[str]:
    """Names of the directories of a folder that are no runs, and may hold some: those of sweeps.

    Raises:
        RunError: the folder cannot be read.

    """
    return [name for name in names_in(folder) if not os.path.lexists(f"{folder}/{name}/{RECORD}")]


def read_folder(folder: Path) -> tuple[list[RunRecord], list[str]]:
    """The runs of a folder and of the folders in it, the oldest first, and a line about each unreadable one.

    What is no run is passed over, and what lies deeper as well. Of a run's circumstances nothing is kept, so
    that a hundred thousand find room.

    Raises:
        RunError: the folder cannot be read.

    """
    records: list[RunRecord] = []
    complaints: list[str] = []
    place = str(folder / "_")[:-1]  # pathlib's joining takes as long as reading
    for name in _read_into(records, complaints, place, names_in(folder)):
        try:
            inside = names_in(Path(f"{place}{name}"))
        except RunError:
            continue
        _read_into(records, complaints, f"{place}{name}/", inside)
    records.sort(key=lambda record: (record.started_at or "", record.path))
    return records, complaints


def _read_into(
    records: list[RunRecord], complaints: list[str], place: str, names: Iterable[str]
) -> list[str]:
    """Read the runs of these names; which of them are none."""
    others = []
    for name in names:
        try:
            records.append(_slim(read_run_folder(f"{place}{name}")))
        except NoRunError:
            others.append(name)
        except RunError as error:
            complaints.append(str(error))
    return others


def _slim(record: RunRecord) -> RunRecord:
    record.environment = {}
    record.files = {}
    # The same words over and over: a folder keeps each once.
    record.config = {
        key: sys.intern(value) if type(value) is str else value for key, value in record.config.items()
    }
    return record


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold the lock of a run that has ended, so that no writer is at work on it.

    Raises:
        ConfigError: one is.

    """
    try:
        file = open_regular(path / LOSSES)
    except OSError:  # without losses.csv nobody can be writing it
        yield
        return
    with file:
        for attempt in range(_TRIES):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if attempt == _TRIES - 1:
                    raise ConfigError(
                        f"{path}: the run is being written; nothing was removed of it"
                    ) from None
                sleep(_WAIT_S)
            except OSError:  # a file system without such locks
                break
        yield


def remove_run(path: Path) -> None:
    """Remove a run directory: out of every reader's sight in one step, and then from the disk.

    What a kill leaves of it lies where unborn runs do, and goes with the next run that is made or removed. Of
    a link the link goes, and not what it leads to.

    Raises:
        ConfigError: the run is being written.
        RunError: the directory cannot be removed.

    """
    try:
        if path.is_symlink():
            path.unlink()
            return
        with _held(path), hidden_folder(path.parent) as hidden:
            path.rename(hidden)
            shutil.rmtree(hidden, ignore_errors=True)
    except OSError as error:
        raise RunError(f"{path}: cannot remove: {error.strerror}") from error


def superseded(records: Iterable[RunRecord]) -> list[RunRecord]:
    """The runs that did not come to their end, and in whose place another one has."""
    runs = list(records)
    done = {record.config_digest for record in runs if record.status in DONE}
    replaced = {
        str(Path(record.path).with_name(name)) for record in runs for name in record.replaces if record.path
    }
    done.discard(None)
    return [r for r in runs if r.status in HALF_DONE and (r.config_digest in done or r.path in replaced)]
