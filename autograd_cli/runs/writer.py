"""The one writer of a run directory."""

import fcntl
import io
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from autograd_cli.config.files import to_yaml
from autograd_cli.config.reading import is_folder, look
from autograd_cli.contract.batch import Batch
from autograd_cli.contract.config import RunConfig, identity_of, sha256_of
from autograd_cli.errors import ConfigError, RunError
from autograd_cli.runs.disk import sync_file, sync_folder, write_whole
from autograd_cli.runs.losses import HEADER, Summarizer, format_rows
from autograd_cli.runs.nursery import hidden_folder
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import (
    CONFIG,
    LOSSES,
    RECORD,
    SOURCE,
    WEIGHTS,
    RunRecord,
    Status,
    SweepPlace,
    write_failure,
    write_record,
    write_status,
)

_NOTHING: Mapping[str, bytes] = MappingProxyType({})


class RunWriter:
    """Records one run. The lock that it holds on losses.csv tells readers that the writer still lives.

    The directory appears whole, as a run that goes on. Every method raises RunError if the disk is full or
    the directory cannot be written; if that happens while it is made, nothing is left of it.

    Attributes:
        path: the run directory.
        record: what is known of the run.

    """

    def __init__(
        self,
        runs_dir: Path,
        config: RunConfig,
        name: str | None,
        environment: dict[str, Any],
        place: SweepPlace | None = None,
        model: str | None = None,
        extra: Mapping[str, bytes] = _NOTHING,
    ) -> None:
        """Make the run directory.

        Args:
            runs_dir: the folder for run directories; made if there is none.
            config: the run's configuration.
            name: the directory's name, in place of one made of time, task, level and seed.
            environment: the run's circumstances.
            place: the sweep that the run belongs to.
            model: the function that the level computes, where the level's name alone does not tell.
            extra: the content of further files, by name; the source of the user's own level among them.

        Raises:
            ConfigError: the name or the folder cannot be used.

        """
        if name is not None:
            check_name(name)
        elif place is not None and place.name is not None:
            name = _free_name(runs_dir, place.name)
        started_at = datetime.now(UTC)
        self._summarizer = Summarizer()
        self.record = begin_record(config, environment, started_at, model=model, source=extra.get(SOURCE))
        self.record.name = name
        if place:
            self.record.sweep, self.record.sweep_index = place.sweep, place.index
            self.record.replaces = list(place.replaces)
        contents = {CONFIG: to_yaml(config).encode(), **extra}
        self.record.files = {file: len(content) for file, content in contents.items()}
        self._made = _make_folder(runs_dir, name)
        stem = name or _stem(config, started_at)
        try:
            with ExitStack() as stack:
                try:
                    hidden = stack.enter_context(hidden_folder(runs_dir, more_follow=place is not None))
                except OSError as error:
                    raise unusable_folder(runs_dir, error) from error
                for file, content in contents.items():
                    (hidden / file).write_bytes(content)
                write_record(hidden, self.record)
                # Last of all: from here on there is a file to close.
                self._losses = _open_losses(hidden / LOSSES)
                try:
                    self.path = _show(hidden, runs_dir, stem, is_named=name is not None)
                except BaseException:
                    self._losses.close()
                    raise
        except OSError as error:
            raise _cannot_write(runs_dir / stem, error) from error
        self._whole_bytes = len(HEADER)
        self.record.path = str(self.path)

    def append(self, batch: Batch) -> None:
        """Add the batch's lines to losses.csv; they are with the operating system when this returns.

        If only some of the lines find room, they count.
        """
        rows = format_rows(batch.first_step, batch.losses, batch.elapsed_s)
        try:
            written = self._losses.write(rows)
            while written < len(rows):  # a disk that fills up takes a part, and then raises
                written += self._losses.write(rows[written:])
        except BaseException as error:
            self._take(batch, self._cut_to_whole(rows))
            if isinstance(error, OSError):
                raise _cannot_write(self.path, error) from error
            raise
        self._whole_bytes += len(rows)
        self._take(batch, len(batch.losses))

    def _take(self, batch: Batch, count: int) -> None:
        if count:
            steps = range(batch.first_step, batch.first_step + count)
            self._summarizer.extend(steps, batch.losses[:count], batch.elapsed_s[count - 1])

    def _cut_to_whole(self, rows: bytes) -> int:
        """Cut losses.csv after the last whole line of `rows` that is in it, and count those lines."""
        end = os.fstat(self._losses.fileno()).st_size - self._whole_bytes
        end = rows.rfind(b"\n", 0, max(end, 0)) + 1
        self._whole_bytes += end
        with suppress(OSError):
            self._losses.truncate(self._whole_bytes)
            self._losses.seek(self._whole_bytes)
        return rows.count(b"\n", 0, end)

    def finish(
        self,
        status: Status,
        parameters: Mapping[str, Any] | None = None,
        result: str | None = None,
        error: str | None = None,
        *,
        durable: bool = True,
    ) -> RunRecord:
        """Write the weights and the final record, and let go of the run.

        run.json says how the run ended only once everything of it is on the disk. Where one sync serves many
        runs, `durable` is false: run.json then still says `running`, and the lock is held, until `settle` has
        been told of the run and `close` is called.

        Args:
            status: how the run ended.
            parameters: the final parameters as NumPy arrays, by name.
            result: the fitted formula.
            error: why the run failed.
            durable: whether to wait for the disk.

        """
        record = self.record
        end_record(record, status, self._summarizer, result, error)
        record.files[LOSSES] = self._whole_bytes
        try:
            if parameters is not None:
                weights = _npz(parameters)
                write_whole(self.path / WEIGHTS, weights)
                record.files[WEIGHTS] = len(weights)
            record.status = "running"
            write_record(self.path, record)
            record.status = status
            if durable:
                self._settle()
        except OSError as os_error:
            self._fail(os_error)
        except BaseException:
            self.close()
            raise
        return record

    def _settle(self) -> None:
        _make_last(self.path, self.record, self._made)
        self.close()

    def _fail(self, os_error: OSError) -> None:
        """Record that the disk did not take the run, if it takes as much as that."""
        failure = _cannot_write(self.path, os_error)
        self.record.status, self.record.error = "failed", str(failure)
        try:
            # Without room for it the writer is gone, and readers see an interrupted run.
            with suppress(OSError):
                write_failure(self.path, self.record)
                sync_file(self.path / RECORD)
        finally:
            self.close()
        raise failure from os_error

    def close(self) -> None:
        """Let go of the run."""
        with suppress(OSError):  # what a close can still complain of, a sync has complained of
            self._losses.close()

    def discard(self) -> None:
        """Remove a run that has not begun."""
        self.close()
        shutil.rmtree(self.path, ignore_errors=True)


class MemoryWriter:
    """A run that is kept in memory alone, in the form of a RunWriter."""

    def __init__(
        self,
        config: RunConfig,
        environment: dict[str, Any],
        model: str | None = None,
        source: bytes | None = None,
    ) -> None:
        self._summarizer = Summarizer()
        self.record = begin_record(config, environment, datetime.now(UTC), model=model, source=source)
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
        *,
        durable: bool = True,  # noqa: ARG002 - the signature of a RunWriter
    ) -> RunRecord:
        """Keep copies of the final parameters, and complete the record."""
        self.parameters = {name: array.copy() for name, array in (parameters or {}).items()}
        end_record(self.record, status, self._summarizer, result, error)
        return self.record

    def discard(self) -> None:
        """Forget a run that has not begun."""


def close_run(path: Path, status: Status, error: str) -> RunRecord:
    """Say how a run ended whose writer was killed; the lines that it wrote stand.

    Raises:
        RunError: the directory cannot be read or written.

    """
    record = read_run(path)
    record.error = error
    # A clock on the wall may be set back; no run ends before it began.
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    record.finished_at = max(now, record.started_at or now)
    try:
        record.files[LOSSES] = (path / LOSSES).stat().st_size
        record.status = "running"
        write_record(path, record)
        record.status = status
        _make_last(path, record)
    except OSError as os_error:
        raise _cannot_write(path, os_error) from os_error
    return record


def _make_last(path: Path, record: RunRecord, made: Sequence[Path] = ()) -> None:
    """Wait until all of a run is on the disk, and only then let run.json say how it ended."""
    for name in record.files:
        sync_file(path / name)
    sync_file(path / RECORD)
    sync_folder(path)
    for folder in (path, *made):
        sync_folder(folder.parent)
    write_status(path, record.status)
    sync_file(path / RECORD)


def begin_record(
    config: RunConfig,
    environment: dict[str, Any],
    started_at: datetime,
    *,
    model: str | None,
    source: bytes | None,
) -> RunRecord:
    """The record of a run that begins."""
    source_digest = None if source is None else sha256_of(source)
    return RunRecord(
        config=config.to_dict(),
        config_digest=identity_of(config.to_dict(), source_digest),
        source_digest=source_digest,
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
    # A clock on the wall may be set back; no run ends before it began.
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    record.finished_at = max(now, record.started_at or now)


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


def _free_name(folder: Path, name: str) -> str:
    """The name, or with `-2`, `-3`, … behind it: what has the name is a run of the same sweep, half done."""
    found, count = name, 1
    while os.path.lexists(folder / found):
        count += 1
        found = f"{name}-{count}"
    return found


def _stem(config: RunConfig, started_at: datetime) -> str:
    # Of a level in a user's file, FILE.py:Class, the class is name enough.
    impl = re.sub(r"\W+", "_", config.impl.rpartition(":")[2])[:40]
    return f"{started_at:%Y%m%dT%H%M%SZ}-{config.task}-{impl}-s{config.seed}"


def _make_folder(runs_dir: Path, name: str | None) -> list[Path]:
    """Make the folder for runs, and refuse a name in it that is taken; the folders that had to be made."""
    try:
        made = [folder for folder in (runs_dir, *runs_dir.parents) if look(folder) is None]
        runs_dir.mkdir(parents=True, exist_ok=True)
        if name is not None and os.path.lexists(runs_dir / name):
            raise _taken(runs_dir / name)
    except OSError as error:
        raise unusable_folder(runs_dir, error) from error
    return made


def _open_losses(path: Path) -> io.FileIO:
    """losses.csv with its header, locked."""
    losses = io.FileIO(path, "xb")
    try:
        fcntl.flock(losses, fcntl.LOCK_EX)
        losses.write(HEADER)
    except BaseException:
        losses.close()
        raise
    return losses


def _show(hidden: Path, runs_dir: Path, stem: str, *, is_named: bool) -> Path:
    """Give a whole run directory its name, which nothing else has: a run directory is never empty."""
    while True:
        path = runs_dir / (stem if is_named else f"{stem}-{os.urandom(4).hex()}")
        try:
            hidden.rename(path)
        except OSError as error:
            if not os.path.lexists(path):
                raise
            if is_named:
                raise _taken(path) from error
        else:
            return path


def _taken(path: Path) -> ConfigError:
    return ConfigError(f"name: {path} exists already, and no run is ever overwritten", key="name")


def unusable_folder(runs_dir: Path, error: OSError) -> ConfigError:
    """The error for a folder in which no run can be made."""
    with suppress(OSError):
        if look(runs_dir) is not None and not is_folder(runs_dir):
            return ConfigError(f"runs_dir: '{runs_dir}' is not a directory", key="runs_dir")
    return ConfigError(f"runs_dir: cannot write in '{runs_dir}': {error.strerror}", key="runs_dir")


def _npz(parameters: Mapping[str, Any]) -> bytes:
    import numpy as np  # reading runs must not need NumPy

    buffer = io.BytesIO()
    np.savez(buffer, **parameters)
    return buffer.getvalue()


def _cannot_write(path: Path, error: OSError) -> RunError:
    return RunError(f"{path}: cannot write the run: {error.strerror}")
