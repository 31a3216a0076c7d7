"""The one writer of a run directory."""

import fcntl
import io
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograd_cli.config.files import to_yaml
from autograd_cli.contract.batch import Batch
from autograd_cli.contract.config import RunConfig
from autograd_cli.errors import ConfigError, RunError
from autograd_cli.runs.losses import HEADER, Summarizer, format_rows
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import (
    CONFIG,
    LOSSES,
    WEIGHTS,
    RunRecord,
    Status,
    SweepPlace,
    write_record,
    write_whole,
)


class RunWriter:
    """Records one run. The lock that it holds on losses.csv tells readers that the writer still lives.

    Every method raises RunError if the disk is full or the directory cannot be written.
    """

    def __init__(
        self,
        runs_dir: Path,
        config: RunConfig,
        name: str | None,
        environment: dict[str, Any],
        place: SweepPlace | None = None,
        model: str | None = None,
    ) -> None:
        self._summarizer = Summarizer()
        started_at = datetime.now(UTC)
        self.path = _make_directory(runs_dir, config, name, started_at)
        self.record = begin_record(config, environment, started_at, model=model)
        self.record.path, self.record.name = str(self.path), name
        if place:
            self.record.sweep, self.record.sweep_index = place.sweep, place.index
        try:
            self._losses = (self.path / LOSSES).open("xb", buffering=0)
            fcntl.flock(self._losses, fcntl.LOCK_EX)
            self._losses.write(HEADER)
            write_whole(self.path / CONFIG, to_yaml(config).encode())
            write_record(self.path, self.record)
        except OSError as error:
            raise _cannot_write(self.path, error) from error

    def append(self, batch: Batch) -> None:
        """Add the batch's lines to losses.csv; they are with the operating system when this returns."""
        rows = format_rows(batch.first_step, batch.losses, batch.elapsed_s)
        try:
            written = self._losses.write(rows)
            while written < len(rows):  # a disk that fills up takes a part, and then raises
                written += self._losses.write(rows[written:])
        except OSError as error:
            raise _cannot_write(self.path, error) from error
        last_step = batch.first_step + len(batch.losses)
        self._summarizer.extend(range(batch.first_step, last_step), batch.losses, batch.elapsed_s[-1])

    def finish(
        self,
        status: Status,
        parameters: Mapping[str, Any] | None = None,
        result: str | None = None,
        error: str | None = None,
    ) -> RunRecord:
        """Write the weights and the final record, and let go of the run.

        Args:
            status: how the run ended.
            parameters: the final parameters as NumPy arrays, by name.
            result: the fitted formula.
            error: why the run failed.

        """
        record = self.record
        end_record(record, status, self._summarizer, result, error)
        try:
            if parameters is not None:
                (self.path / WEIGHTS).write_bytes(_npz(parameters))  # whole before run.json says so
            write_record(self.path, record)
        except OSError as os_error:
            failure = _cannot_write(self.path, os_error)
            record.status, record.error = "failed", str(failure)
            # There may be room for this one, or the writer is gone and readers see an interrupted run.
            with suppress(OSError):
                write_record(self.path, record)
            raise failure from os_error
        finally:
            self._losses.close()
        return record


class MemoryWriter:
    """A run that is kept in memory alone, in the form of a RunWriter."""

    def __init__(self, config: RunConfig, environment: dict[str, Any], model: str | None = None) -> None:
        self._summarizer = Summarizer()
        self.record = begin_record(config, environment, datetime.now(UTC), model=model)
        self.losses: list[float] = []
        self.elapsed_s: list[float] = []
        self.parameters: dict[str, Any] = {}

    def append(self, batch: Batch) -> None:
        """Keep the batch."""
        self.losses += batch.losses
        self.elapsed_s += batch.elapsed_s
        steps = range(batch.first_step, batch.first_step + len(batch.losses))
        self._summarizer.extend(steps, batch.losses, batch.elapsed_s[-1])

    def finish(
        self,
        status: Status,
        parameters: Mapping[str, Any] | None = None,
        result: str | None = None,
        error: str | None = None,
    ) -> RunRecord:
        """Keep copies of the final parameters, and complete the record."""
        self.parameters = {name: array.copy() for name, array in (parameters or {}).items()}
        end_record(self.record, status, self._summarizer, result, error)
        return self.record


def close_run(path: Path, status: Status, error: str) -> RunRecord:
    """Say how a run ended whose writer was killed; the lines that it wrote stand.

    Raises:
        RunError: the directory cannot be read or written.

    """
    record = read_run(path)
    record.status, record.error = status, error
    record.finished_at = datetime.now(UTC).isoformat(timespec="milliseconds")
    try:
        write_record(path, record)
    except OSError as os_error:
        raise _cannot_write(path, os_error) from os_error
    return record


def begin_record(
    config: RunConfig, environment: dict[str, Any], started_at: datetime, *, model: str | None
) -> RunRecord:
    """The record of a run that begins."""
    return RunRecord(
        config=config.to_dict(),
        config_digest=config.digest,
        started_at=started_at.isoformat(timespec="milliseconds"),
        model=model,
        environment=environment,
    )


def end_record(
    record: RunRecord, status: Status, curve: Summarizer, result: str | None, error: str | None
) -> None:
    """Say in the record how its run ended."""
    record.status, record.result, record.error = status, result, error
    record.take(curve)
    record.finished_at = datetime.now(UTC).isoformat(timespec="milliseconds")


def check_name(name: str) -> None:
    """Refuse a run name that is more than the name of a directory.

    Raises:
        ConfigError: the name is empty, hidden, or contains anything that could lead elsewhere.

    """
    if not re.fullmatch(r"\w[\w.+=,@-]*", name) or len(name.encode()) > 200:
        raise ConfigError(
            f"name: '{name}' cannot name a directory; use letters, digits and _ . - + = , @, and no path",
            key="name",
        )


def _make_directory(runs_dir: Path, config: RunConfig, name: str | None, started_at: datetime) -> Path:
    try:
        runs_dir.mkdir(parents=True, exist_ok=True)
        if name is not None:
            check_name(name)
            path = runs_dir / name
            path.mkdir()
            return path
        # Of a level in a user's file, FILE.py:Class, the class is name enough.
        impl = re.sub(r"\W+", "_", config.impl.rpartition(":")[2])
        stem = f"{started_at:%Y%m%dT%H%M%SZ}-{config.task}-{impl}-s{config.seed}"
        while True:
            path = runs_dir / f"{stem}-{os.urandom(4).hex()}"
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return path
    except FileExistsError as error:
        if name is not None and (runs_dir / name).exists():
            raise ConfigError(
                f"name: {runs_dir / name} exists already, and no run is ever overwritten", key="name"
            ) from error
        raise unusable_folder(runs_dir, error) from error
    except OSError as error:
        raise unusable_folder(runs_dir, error) from error


def unusable_folder(runs_dir: Path, error: OSError) -> ConfigError:
    """The error for a folder in which no run can be made."""
    if isinstance(error, FileExistsError):
        return ConfigError(f"runs_dir: '{runs_dir}' is not a directory", key="runs_dir")
    return ConfigError(f"runs_dir: cannot write in '{runs_dir}': {error.strerror}", key="runs_dir")


def _npz(parameters: Mapping[str, Any]) -> bytes:
    import numpy as np  # reading runs must not need NumPy

    buffer = io.BytesIO()
    np.savez(buffer, **parameters)
    return buffer.getvalue()


def _cannot_write(path: Path, error: OSError) -> RunError:
    return RunError(f"{path}: cannot write the run: {error.strerror}")
