"""run.json: what is known of a run beside its losses and weights."""

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

import orjson

from autograd_cli.contract.keys import Value
from autograd_cli.errors import RunError
from autograd_cli.runs.losses import Summarizer

LOSSES = "losses.csv"
CONFIG = "config.yaml"
RECORD = "run.json"
WEIGHTS = "weights.npz"

Status = Literal["running", "completed", "diverged", "interrupted", "timed out", "failed", "csv"]


@dataclass(frozen=True)
class SweepPlace:
    """The sweep that a run belongs to, and the run's place in it, from 0."""

    sweep: str
    index: int


@dataclass
class RunRecord:
    """The content of run.json, and where it was found.

    Attributes:
        path: the run directory, or a lone CSV file; not part of the file.
        status: how the run ended, or `running`; `csv` for a lone file, which does not say.
        name: the name that the user gave, if any.
        config: the effective configuration, as in config.yaml.
        config_digest: what the run is known by: `RunConfig.digest`.
        sweep: the name of the sweep that the run belongs to, if any.
        sweep_index: its place in the sweep, from 0.
        started_at: UTC, ISO 8601.
        finished_at: the same; None while the run goes on, or if it was killed.
        steps: how many losses were recorded.
        first_loss, best_loss, best_step, last_loss: None where there is none, or where it is not finite.
        diverged_step: the first step whose loss was not finite.
        elapsed_s: seconds from the start of the loop to the last loss.
        model: the function that the level computes, where the level's name alone does not tell.
        result: the fitted formula, where the task has one.
        error: why the run failed or how long it was allowed to take, in one line.
        curve: evenly spaced losses, enough to draw a small picture.
        environment: versions, machine, device, threads, git commit.

    """

    path: str = ""
    status: Status = "running"
    name: str | None = None
    config: dict[str, Value] = field(default_factory=dict)
    config_digest: str | None = None
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
    model: str | None = None
    result: str | None = None
    error: str | None = None
    curve: list[float] = field(default_factory=list)
    environment: dict[str, Any] = field(default_factory=dict)

    def take(self, summarizer: Summarizer) -> None:
        """Take over what is known of the loss curve."""
        for known in fields(summarizer.summary):
            setattr(self, known.name, getattr(summarizer.summary, known.name))
        self.curve = summarizer.curve

    @property
    def step_s(self) -> float | None:
        """Mean seconds from one loss to the next."""
        return None if self.elapsed_s is None or self.steps < 2 else self.elapsed_s / (self.steps - 1)

    @property
    def reason(self) -> str | None:
        """Why the run failed, or where it diverged."""
        if self.diverged_step is not None:
            return f"the loss is not finite at step {self.diverged_step}"
        return self.error

    def to_json(self, *, with_path: bool = False) -> bytes:
        """The record as indented JSON; `with_path` adds where the run is."""
        content = {f.name: getattr(self, f.name) for f in fields(self) if with_path or f.name != "path"}
        return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


# The types that the fields of run.json may have beside null.
_KINDS: dict[str, Any] = {
    **dict.fromkeys(
        ("status", "name", "config_digest", "sweep", "started_at", "finished_at", "model", "result", "error"),
        str,
    ),
    **dict.fromkeys(("sweep_index", "steps", "best_step", "diverged_step"), int),
    **dict.fromkeys(("first_loss", "best_loss", "last_loss", "elapsed_s"), (int, float)),
    "config": dict,
    "curve": list,
    "environment": dict,
}


def write_record(folder: Path, record: RunRecord) -> None:
    """Put `record` in place of run.json in one step, so that no reader ever sees half of one."""
    write_whole(folder / RECORD, record.to_json())


def write_whole(path: Path, content: bytes) -> None:
    """Write a small file beside its place, then move it there."""
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def read_record(folder: Path) -> RunRecord:
    """The record in `folder`, as its writer left it.

    Raises:
        RunError: there is no run.json, or it is not one of ours.

    """
    path = folder / RECORD
    try:
        content = orjson.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise RunError(f"{folder}: not a run directory: it has no {RECORD}") from error
    except OSError as error:
        raise RunError(f"{path}: cannot read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise RunError(f"{path}: not valid JSON: {error.msg} in line {error.lineno}") from error
    if not isinstance(content, dict) or "status" not in content:
        raise RunError(f"{path}: not the record of a run: it has no status")
    known = {name: value for name, value in content.items() if name in _KINDS and value is not None}
    for name, value in known.items():
        if not _is_sound(name, value):
            raise RunError(f"{path}: not the record of a run: {name} is {str(value)[:40]!r}")
    return RunRecord(**known, path=str(folder))


def _is_sound(name: str, value: Any) -> bool:
    """Whether a field holds what its reader counts on; run.json may come from anywhere."""
    if not isinstance(value, _KINDS[name]) or isinstance(value, bool):
        return False
    if name == "status":
        return value in get_args(Status)
    if name == "curve":
        return all(type(point) in (float, int) for point in value)
    return name != "config" or not any(isinstance(item, dict | list) for item in value.values())
