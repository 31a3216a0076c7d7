"""The one writer of a run directory."""

import fcntl
import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from autograd_cli.config.files import to_yaml
from autograd_cli.contract.batch import Batch
from autograd_cli.contract.config import RunConfig, identity_of, sha256_of
from autograd_cli.errors import EvoError, RunError
from autograd_cli.runs.disk import sync_file, sync_folder, write_all, write_file, write_whole
from autograd_cli.runs.losses import HEADER, Summarizer, format_rows
from autograd_cli.runs.npz import npz_bytes
from autograd_cli.runs.nursery import hidden_folder
from autograd_cli.runs.place import check_name, free_name, make_folder, show, stem_of, unusable_folder
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
    content_of,
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
        path: the run directory, once it is there.
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
        *,
        alone: bool = True,
        at_once: bool = True,
    ) -> None:
        """Begin the run.

        Args:
            runs_dir: the folder for run directories; made if there is none.
            config: the run's configuration.
            name: the directory's name, in place of one made of time, task, level and seed.
            environment: the run's circumstances.
            place: the sweep that the run belongs to.
            model: the function that the level computes, where the level's name alone does not tell.
            extra: the content of further files, by name; the source of the user's own level among them.
            alone: whether the run's end waits for the disk. Where one sync serves many runs, run.json still
                says `running` after `finish`, and the lock is held, until `settle` has been told of the run
                and `close` is called.
            at_once: whether the directory is there from now on. If not, it is made at the second batch or
                the end, whichever comes first: a run that is soon over has each file written once.

        Raises:
            ConfigError: the name or the folder cannot be used.

        """
        if name is not None:
            check_name(name)
        elif place is not None and place.name is not None:
            name = free_name(runs_dir, place.name)
        started_at = datetime.now(UTC)
        self._summarizer = Summarizer()
        self.record = begin_record(config, environment, started_at, model=model, source=extra.get(SOURCE))
        self.record.name = name
        if place:
            self.record.sweep, self.record.sweep_index = place.sweep, place.index
            self.record.replaces = list(place.replaces)
        self._runs_dir, self._alone, self._is_in_sweep = runs_dir, alone, place is not None
        self._contents = {CONFIG: to_yaml(config).encode(), **extra}
        self._made = make_folder(runs_dir, name)
        self.path = runs_dir / (name or stem_of(config, started_at))
        self._losses: int | None = None
        # What losses.csv holds, or will when it is made.
        self._rows, self._whole_bytes = HEADER, len(HEADER)
        if at_once:
            self._appear()

    def _appear(self, weights: Mapping[str, bytes] = _NOTHING, *, has_ended: bool = False) -> None:
        """Make the run directory with all that is there to be written."""
        contents = {**self._contents, **weights}
        self.record.files = {file: len(content) for file, content in contents.items()}
        if has_ended:
            self.record.files[LOSSES] = self._whole_bytes
        try:
            with ExitStack() as stack:
                try:
                    hidden = stack.enter_context(hidden_folder(self._runs_dir, more_follow=self._is_in_sweep))
                except OSError as error:
                    raise unusable_folder(self._runs_dir, error) from error
                for file, content in contents.items():
                    write_file(f"{hidden}/{file}", content)
                write_file(f"{hidden}/{RECORD}", content_of(self.record))
                # Last of all: from here on there is a file to close.
                losses = _open_losses(f"{hidden}/{LOSSES}", self._rows)
                try:
                    self.path = show(hidden, self.path, is_named=self.record.name is not None)
                except BaseException:
                    os.close(losses)
                    raise
        except OSError as error:
            raise _cannot_write(self.path, error) from error
        self._losses, self._rows = losses, b""
        self.record.path = str(self.path)

    def append(self, batch: Batch) -> None:
        """Add the batch's lines to losses.csv; if it is there, the system has them when this returns.

        If only some of the lines find room, they count.
        """
        rows = format_rows(batch.first_step, batch.losses, batch.elapsed_s)
        is_first = self._whole_bytes == len(HEADER)
        if self._losses is None and not is_first:
            self._appear()
        if self._losses is None:
            self._rows += rows
        else:
            try:
                write_all(self._losses, rows)
            except BaseException as error:
                self._take(batch, self._cut_to_whole(self._losses, rows))
                if isinstance(error, OSError):
                    raise _cannot_write(self.path, error) from error
                raise
        self._whole_bytes += len(rows)
        self._take(batch, len(batch.losses))

    def _take(self, batch: Batch, count: int) -> None:
        if count:
            steps = range(batch.first_step, batch.first_step + count)
            self._summarizer.extend(steps, batch.losses[:count], batch.elapsed_s[:count])

    def _cut_to_whole(self, losses: int, rows: bytes) -> int:
        """Cut losses.csv after the last whole line of `rows` that is in it, and count those lines."""
        end = os.fstat(losses).st_size - self._whole_bytes
        end = rows.rfind(b"\n", 0, max(end, 0)) + 1
        self._whole_bytes += end
        with suppress(OSError):
            os.ftruncate(losses, self._whole_bytes)
            os.lseek(losses, self._whole_bytes, os.SEEK_SET)
        return rows.count(b"\n", 0, end)

    def finish(
        self,
        status: Status,
        parameters: Mapping[str, Any] | None = None,
        result: str | None = None,
        error: str | None = None,
    ) -> RunRecord:
        """Write the weights and the final record, and let go of the run.

        run.json says how the run ended only once everything of it is on the disk.

        Args:
            status: how the run ended.
            parameters: the final parameters as NumPy arrays, by name.
            result: the fitted formula.
            error: why the run failed.

        """
        record = self.record
        end_record(record, status, self._summarizer, result, error)
        try:
            weights = {} if parameters is None else {WEIGHTS: npz_bytes(parameters)}
            record.status = "running"
            if self._losses is None:
                with suppress(
                    RunError
                ):  # without room for all of it, there may be some for what it has to say
                    self._appear(weights, has_ended=True)
            if self._losses is None or LOSSES not in record.files:
                self._end(weights)
            record.status = status
            if self._alone:
                _make_last(self.path, record, self._made)
                self.close()
        except OSError as os_error:
            failure = _cannot_write(self.path, os_error)
            self._fail(failure)
            raise failure from os_error
        except EvoError as failure:
            self._fail(failure)
            raise
        except BaseException:
            self.close()
            raise
        return record

    def _end(self, weights: Mapping[str, bytes]) -> None:
        """Write what a run directory lacks at the end, and make it if it is not there."""
        if self._losses is None:
            self._appear()
        for file, content in weights.items():
            write_whole(self.path / file, content)
        self.record.files |= {LOSSES: self._whole_bytes} | {f: len(content) for f, content in weights.items()}
        write_record(self.path, self.record)

    def _fail(self, failure: EvoError) -> None:
        """Record that the disk did not take the run, if it takes as much as that."""
        self.record.status, self.record.error = "failed", str(failure)
        try:
            # Without room for it the writer is gone, and readers see an interrupted run.
            if self._losses is not None:
                with suppress(OSError):
                    write_failure(self.path, self.record)
                    sync_file(self.path / RECORD)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the run."""
        losses, self._losses = self._losses, None
        if losses is not None:
            with suppress(OSError):  # what a close can still complain of, a sync has complained of
                os.close(losses)

    def discard(self) -> None:
        """Remove a run that has not begun."""
        is_there = self._losses is not None
        self.close()
        if is_there:
            shutil.rmtree(self.path, ignore_errors=True)


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


def _open_losses(path: str, content: bytes) -> int:
    """losses.csv with what is known of it, locked."""
    losses = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(losses, fcntl.LOCK_EX)
        write_all(losses, content)
    except BaseException:
        os.close(losses)
        raise
    return losses


def _cannot_write(path: Path, error: OSError) -> RunError:
    return RunError(f"{path}: cannot write the run: {error.strerror}")
