"""The report of a verification: what was asked, by which versions, what was found; enough to repeat it."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from platform import python_version
from typing import Any

import orjson

from autograd_cli.config.files import Setting
from autograd_cli.errors import ConfigError
from autograd_cli.runs.named import read_json, write_json
from autograd_cli.verify.cells import Verdict

FORMAT = "evo verify report 1"

# What a verification is asked, beside whether it is quick.
ASKED = ("task", "impl", "steps", "tolerance", "dtype", "device")


@dataclass(frozen=True)
class Report:
    """The content of a report.

    Attributes:
        where: the file, as the user knows it.
        made_at: UTC, ISO 8601.
        versions: of evo, Python, NumPy and torch, by name.
        asked: the arguments of the verification as text, by name; those that were not given are not among
            them.
        quick: whether everything was shortened.
        keys: the keys of the configuration that were given, as text.
        verdicts: what was found, a JSON object a level.

    """

    where: str
    made_at: str
    versions: Mapping[str, str]
    asked: Mapping[str, str]
    quick: bool
    keys: Mapping[str, str]
    verdicts: Sequence[Mapping[str, Any]]

    def settings(self, names: Mapping[str, str]) -> dict[str, Setting]:
        """`asked` or `keys` as settings that say where they come from."""
        return {name: Setting(text, self.where) for name, text in names.items()}

    def changes(self, verdicts: Sequence[Verdict]) -> Iterator[str]:
        """What is not as it was, a line each: versions, sources of levels, and verdicts."""
        now = current_versions()
        for name in now.keys() | self.versions.keys():
            then = self.versions.get(name)
            if then != now.get(name):
                yield f"{name} was {then or 'not there'}, and is {now.get(name) or 'not there'}"
        found = {(verdict.task, verdict.impl): verdict for verdict in verdicts}
        for then_verdict in self.verdicts:
            level = (str(then_verdict.get("task")), str(then_verdict.get("impl")))
            verdict = found.get(level)
            if verdict is None:
                yield f"{' / '.join(level)} is not there any more"
                continue
            if then_verdict.get("source_digest") != verdict.source_digest:
                yield f"{' / '.join(level)} has another source"
            if then_verdict.get("passed") is not verdict.passed:
                words = {True: "passed", False: "failed"}
                yield f"{' / '.join(level)} {words[not verdict.passed]} then, and {words[verdict.passed]} now"


def current_versions() -> dict[str, str]:
    """Versions of what a verdict may depend on, without importing any of it."""
    found = {"python": python_version()}
    for name in ("autograd-cli", "numpy", "torch"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def verdict_json(verdict: Verdict) -> dict[str, Any]:
    """Every number of a verdict, in JSON's kinds."""
    content: dict[str, Any] = orjson.loads(orjson.dumps(_plain(verdict)))
    return {"passed": verdict.passed} | content


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value.item() if hasattr(value, "item") else value


def write_report(
    path: Path,
    asked: Mapping[str, Setting],
    keys: Mapping[str, Setting],
    verdicts: Sequence[Verdict],
    *,
    quick: bool,
) -> None:
    """Write what was asked and found to `path`, in the place of whatever was there.

    Raises:
        ConfigError: it cannot be written.

    """
    content = {
        "format": FORMAT,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": current_versions(),
        "machine": {"system": os.uname().sysname, "processor": os.uname().machine},
        "asked": {name: setting.text for name, setting in asked.items()},
        "quick": quick,
        "keys": {name: setting.text for name, setting in keys.items()},
        "verdicts": [verdict_json(verdict) for verdict in verdicts],
    }
    write_json(path, content, "report")


def read_report(path: Path, argument: str = "against") -> Report:
    """The report in `path`, which is the value of `argument`.

    Raises:
        ConfigError: it cannot be read, or is none.

    """
    content = read_json(path, argument)
    if not _is_report(content):
        raise ConfigError(
            f"{argument}: '{path}' is no report of evo verify; `evo verify --report FILE` writes one",
            key=argument,
        )
    known = {f.name for f in fields(Report)} - {"where"}
    return Report(where=str(path), **{name: content[name] for name in known})


def _is_report(content: Any) -> bool:
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        return False
    texts = [content.get(name) for name in ("versions", "asked", "keys")]
    verdicts = content.get("verdicts")
    return (
        all(isinstance(each, dict) and all(isinstance(v, str) for v in each.values()) for each in texts)
        and set(content["asked"]) <= set(ASKED)
        and isinstance(content.get("quick"), bool)
        and isinstance(content.get("made_at"), str)
        and isinstance(verdicts, list)
        and all(isinstance(verdict, dict) for verdict in verdicts)
    )
