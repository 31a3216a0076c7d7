"""run.json: what is known of a run beside its losses and weights."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

import orjson

from autograd_cli.config.reading import look, read_bounded
from autograd_cli.contract.encoding import json_bytes, parse_json
from autograd_cli.contract.keys import Value
from autograd_cli.errors import RunError
from autograd_cli.runs.disk import write_whole
from autograd_cli.runs.losses import Summarizer

LOSSES = "losses.csv"
CONFIG = "config.yaml"
RECORD = "run.json"
WEIGHTS = "weights.npz"
SOURCE = "level.py"
NOTE = "note.txt"

# No record is a hundredth as large, whatever its configuration and its reasons.
RECORD_MAX_BYTES = 8 * 2**20

Status = Literal["running", "completed", "diverged", "interrupted", "timed out", "failed", "damaged", "csv"]


@dataclass(frozen=True)
class SweepPlace:
    """The sweep that a run belongs to, its place in it, from 0, the runs that it replaces, and its name."""

    sweep: str
    index: int
    replaces: tuple[str, ...] = ()
    name: str | None = None


@dataclass(slots=True)
class RunRecord:
    """The content of run.json, and where it was found.

    Attributes:
        path: the run directory, or a lone CSV file; not part of the file.
        note: what somebody has written of the run, in a file of its own; not part of the file.
        status: how the run ended, or `running`; `csv` for a lone file, which does not say. A reader says
            `damaged` of a run whose other files are not those of which run.json speaks.
        name: the name that the user gave, if any.
        config: the effective configuration, as in config.yaml.
        config_digest: what the run is known by: `identity_of` its configuration and its level's source.
        source_digest: SHA-256 of the source of a level of the user's own, which the run keeps.
        replaces: names of the runs beside this one that it was made in place of.
        sweep: the name of the sweep that the run belongs to, if any.
        sweep_index: its place in the sweep, from 0.
        started_at: UTC, ISO 8601.
        finished_at: the same; None while the run goes on, or if it was killed.
        steps: how many losses were recorded.
        first_loss, best_loss, best_step, last_loss: None where there is none, or where it is not finite.
        diverged_step: the first step whose loss was not finite.
        elapsed_s: seconds from the start of the loop to the last loss.
        first_step_s: seconds from there to the second loss: a step with all that only the first one does.
        model: the function that the level computes, where the level's name alone does not tell.
        not_honoured: settings that a level of the user's own has not read, or not kept to: `bias=true`.
        result: the fitted formula, where the task has one.
        error: why the run failed, how long it was allowed to take, or what is damaged, in one line.
        curve: evenly spaced losses, enough to draw a small picture.
        environment: versions, machine, device, threads, git commit.
        files: bytes in each of the other files, by name; losses.csv and weights.npz once the run has ended.

    """

    path: str = ""
    note: str | None = None
    status: Status = "running"
    name: str | None = None
    config: dict[str, Value] = field(default_factory=dict)
    config_digest: str | None = None
    source_digest: str | None = None
    replaces: list[str] = field(default_factory=list)
    sweep: str | None = None
    sweep_index: int | None = None
    started_at: str | None = None
    finished_at: str | None = None
    steps: int = 0
    first_loss: float | None = None
    best_loss: float | None = None
    best_step: int | None = None
    last_loss: float | None = None
    diverged_step: int | None = None
    elapsed_s: float | None = None
    first_step_s: float | None = None
    model: str | None = None
    not_honoured: list[str] = field(default_factory=list)
    result: str | None = None
    error: str | None = None
    curve: list[float] = field(default_factory=list)
    environment: dict[str, Any] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)

    def take(self, summarizer: Summarizer) -> None:
        """Take over what is known of the loss curve."""
        for known in fields(summarizer.summary):
            setattr(self, known.name, getattr(summarizer.summary, known.name))
        self.curve = summarizer.curve

    @property
    def step_s(self) -> float | None:
        """Mean seconds from one loss to the next, without the first step where its own are known."""
        if self.elapsed_s is None or self.steps < 2:
            return None
        if self.first_step_s is None or self.steps < 3:
            return self.elapsed_s / (self.steps - 1)
        return (self.elapsed_s - self.first_step_s) / (self.steps - 2)

    @property
    def reason(self) -> str | None:
        """Why the run failed, where it diverged, or what is damaged."""
        if self.diverged_step is not None and self.status != "damaged":
            return f"the loss is not finite at step {self.diverged_step}"
        return self.error

    def to_json(self) -> bytes:
        """The record as indented JSON."""
        content = {name: getattr(self, name) for name in _FIELDS}
        return json_bytes(content, indent=True)


# What a record knows that does not stand in run.json.
_BESIDE = frozenset({"path", "note"})
_FIELDS = tuple(f.name for f in fields(RunRecord) if f.name not in _BESIDE)

# The types that the fields of run.json may have beside null.
_KINDS: dict[str, Any] = {
    **dict.fromkeys(
        (
            "status",
            "name",
            "config_digest",
            "source_digest",
            "sweep",
            "started_at",
            "finished_at",
            "model",
            "result",
            "error",
        ),
        str,
    ),
    **dict.fromkeys(("sweep_index", "steps", "best_step", "diverged_step"), int),
    **dict.fromkeys(("first_loss", "best_loss", "last_loss", "elapsed_s", "first_step_s"), (int, float)),
    "config": dict,
    "curve": list,
    "replaces": list,
    "not_honoured": list,
    "environment": dict,
    "files": dict,
}

# Those of whose value the type says it all.
_PLAIN = {
    name: kind for name, kind in _KINDS.items() if kind in (str, int) and name != "status"
} | dict.fromkeys((name for name, kind in _KINDS.items() if kind == (int, float)), float)
_IN_ORDER = tuple(f.name for f in fields(RunRecord) if f.name not in _BESIDE)
_LOOKED_INTO = tuple(name for name in _KINDS if name not in _PLAIN and name != "environment")
_MAYBE_NONE = frozenset(f.name for f in fields(RunRecord) if f.default is None)
_SOUND_FORMS: set[tuple[object, ...]] = set()
_STATUSES = frozenset(get_args(Status))
_NUMBERS = frozenset({int, float})
_INTEGERS = frozenset({int})
_TEXTS = frozenset({str})
_NO_NAMES = frozenset({"", ".", ".."})
_NESTED = frozenset({dict, list})


# Every run.json begins with its status, in a field of fixed width.
def _status_line(status: Status) -> bytes:
    return f'"status": "{status}",'.encode()


def _opening(status: Status) -> bytes:
    return b"{\n  " + _status_line(status).ljust(len(_status_line("interrupted")))


def content_of(record: RunRecord) -> bytes:
    """What run.json holds."""
    content, line = record.to_json(), b"{\n  " + _status_line(record.status)
    return _opening(record.status) + content.removeprefix(line)


def write_record(folder: Path, record: RunRecord) -> None:
    """Put `record` in place of run.json in one step, so that no reader ever sees half of one."""
    write_whole(folder / RECORD, content_of(record))


def write_status(folder: Path | str, status: Status) -> None:
    """Put `status` in the place of `running` in run.json; one that says something else stays as it is.

    The word is overwritten where it stands: it lies within the first sector of the file, which a disk writes
    whole or not at all, and freeing the blocks of a file that was replaced can take longer than the run.

    Raises:
        OSError: run.json is not there, or cannot be written.

    """
    descriptor = os.open(f"{folder}/{RECORD}", os.O_RDWR)
    try:
        running = _opening("running")
        if os.pread(descriptor, len(running), 0) == running:
            os.pwrite(descriptor, _opening(status), 0)
    finally:
        os.close(descriptor)


def write_failure(folder: Path, record: RunRecord) -> None:
    """Put `record` in place of run.json even where there is no room for another file.

    It is then cut to what is essential, and written over the one that is there.

    Raises:
        OSError: not even that is possible.

    """
    try:
        write_record(folder, record)
    except OSError:
        room = (folder / RECORD).stat().st_size
        short = next((content for content in _shorter(record) if len(content) <= room), None)
        if short is None:
            raise
        with (folder / RECORD).open("r+b") as file:
            file.write(short.ljust(room))


def _shorter(record: RunRecord) -> Iterator[bytes]:
    """The record with ever less in it, without the spaces that only people want."""
    yield content_of(record)
    for bare in (replace(record, curve=[], result=None), replace(record, curve=[], environment={}, files={})):
        known = {name: value for name in _FIELDS if (value := getattr(bare, name)) not in (None, [], {})}
        yield json_bytes(known)


class NoRunError(RunError):
    """A directory without a run.json."""


def read_record(folder: Path | str) -> RunRecord:
    """The record in `folder`, as its writer left it.

    Raises:
        NoRunError: there is no run.json.
        RunError: it is not one of ours.

    """
    try:
        return _read(folder)
    except NoRunError:
        raise
    except RunError:
        return _read(folder)  # its status may have been written in this moment


def _read(folder: Path | str) -> RunRecord:
    path = f"{folder}/{RECORD}"
    try:
        written = read_bounded(path, RECORD_MAX_BYTES)
        if not written.strip(b"\0") and look(f"{folder}/{LOSSES}"):  # what a power cut leaves of a new file
            return RunRecord(path=str(folder), status="damaged", error=f"{RECORD} is empty")
        content = parse_json(written)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NoRunError(f"{folder}: not a run directory: it has no {RECORD}") from error
    except OSError as error:
        raise RunError(f"{path}: cannot read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise RunError(f"{path}: not valid JSON: {error.msg} in line {error.lineno}") from error
    if not isinstance(content, dict) or "status" not in content:
        raise RunError(f"{path}: not the record of a run: it has no status")
    # Names and types tell of most fields that they are sound; of many thousands of runs few forms differ.
    form = (*content, *map(type, content.values()))
    is_known = form in _SOUND_FORMS
    for name in _LOOKED_INTO if is_known else content:
        value = content[name]
        if value is None or name not in _KINDS:
            continue
        if type(value) is not _PLAIN.get(name) and not _is_sound(name, value):
            raise RunError(f"{path}: not the record of a run: {name} is {str(value)[:40]!r}")
    if is_known:
        return RunRecord(str(folder), None, *content.values())
    if _is_whole(content):
        _SOUND_FORMS.add(form)
    known = {name: value for name, value in content.items() if value is not None and name in _KINDS}
    return RunRecord(**known, path=str(folder))


def _is_whole(content: dict[str, Any]) -> bool:
    """Whether a sound record holds all fields in their order, and null in none but those that may be None."""
    return tuple(content) == _IN_ORDER and all(
        value is not None or name in _MAYBE_NONE for name, value in content.items()
    )


def _is_sound(name: str, value: Any) -> bool:
    """Whether a field holds what its reader counts on; run.json may come from anywhere."""
    if not isinstance(value, _KINDS[name]) or isinstance(value, bool):
        return False
    if name == "status":
        return value in _STATUSES
    if name == "files":
        return (
            _INTEGERS.issuperset(map(type, value.values()))
            and _NO_NAMES.isdisjoint(value)
            and "/" not in "".join(value)
        )
    if name == "curve":
        return _NUMBERS.issuperset(map(type, value))
    if name in ("replaces", "not_honoured"):
        return _TEXTS.issuperset(map(type, value))
    return name != "config" or _NESTED.isdisjoint(map(type, value.values()))


def what_is_missing(folder: Path | str, record: RunRecord) -> str | None:
    """Which of the files of which the record speaks is not as it says; None if all are.

    Raises:
        RunError: the folder may not be looked into.

    """
    for name, size in record.files.items():
        try:
            found = look(f"{folder}/{name}")
        except OSError as error:
            raise RunError(f"{folder}/{name}: cannot read: {error.strerror}") from error
        if found is None:
            return f"{name} is missing"
        if found.st_size != size:
            return f"{name} has {found.st_size} bytes, and had {size} when the run ended"
    return None
