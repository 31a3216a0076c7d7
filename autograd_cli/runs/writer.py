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

from autograd_cli.contract.batch import Batch
from autograd_cli.contract.config import RunConfig
from autograd_cli.errors import ConfigError, RunError
from autograd_cli.runs.losses import HEADER, Summarizer, format_rows
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
    ) -> None:
        self.config = config
        self._summarizer = Summarizer()
        started_at = datetime.now(UTC)
        self.path = _make_directory(runs_dir, config, name, started_at)
        self.record = RunRecord(
            path=str(self.path),
            name=name,
            config=config.to_dict(),
            config_digest=config.digest,
            sweep=place.sweep if place else None,
            sweep_index=place.index if place else None,
            started_at=started_at.isoformat(timespec="milliseconds"),
            environment=environment,
        )
        try:
            self._losses = (self.path / LOSSES).open("xb", buffering=0)
            fcntl.flock(self._losses, fcntl.LOCK_EX)
            self._losses.write(HEADER)
            write_whole(self.path / CONFIG, config.to_yaml().encode())
            write_record(self.path, self.record)
        except OSError as error:
            raise _cannot_write(self.path, error) from error

    @property
    def steps(self) -> int:
        """How many steps have been recorded."""
        return self._summarizer.summary.steps

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
        record.status, record.result, record.error = status, result, error
        record.take(self._summarizer)
        record.finished_at = datetime.now(UTC).isoformat(timespec="milliseconds")
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


def check_name(name: str) -> None:
    """Refuse a run name that is more than the name of a directory.

    Raises:
        ConfigError: the name is empty, hidden, or contains anything that could lead elsewhere.

    """
    if not re.fullmatch(r"\w[\w.+=,@-]*", name) or len(name.encode()) > 200:
        raise ConfigError(
            f"--name: '{name}' cannot name a directory; use letters, digits and _ . - + = , @, and no path"
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
                f"--name: {runs_dir / name} exists already, and no run is ever overwritten"
            ) from error
        raise ConfigError(f"--runs-dir: '{runs_dir}' is not a directory") from error
    except OSError as error:
        raise ConfigError(f"--runs-dir: cannot write in '{runs_dir}': {error.strerror}") from error


def _npz(parameters: Mapping[str, Any]) -> bytes:
    import numpy as np  # reading runs must not need NumPy

    buffer = io.BytesIO()
    np.savez(buffer, **parameters)
    return buffer.getvalue()


def _cannot_write(path: Path, error: OSError) -> RunError:
    return RunError(f"{path}: cannot write the run: {error.strerror}")
