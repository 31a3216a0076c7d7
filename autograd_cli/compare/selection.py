"""Which runs words mean: directories, folders of them, files, `@1` for the latest, and conditions."""

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from autograd_cli.compare.filters import Wanted, choose_runs, is_condition, wanted_of, why_none
from autograd_cli.config.reading import look
from autograd_cli.errors import ConfigError, EvoError, RunError, did_you_mean
from autograd_cli.runs.folder import groups_in, names_in, read_folder
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import NoRunError, RunRecord

DEFAULT_FOLDER = "runs"

_RECENT = re.compile(r"(?:(.*)/)?@(\d{1,9})(?:\.\.@?(\d{1,9}))?", re.DOTALL)


@dataclass
class Selection:
    """Runs that words mean.

    Attributes:
        records: the runs, each once: in the order of the words, those of a folder the oldest first.
        complaints: a line about each word or run that cannot be read.
        named: paths of the runs that were named one by one.
        every: the runs before conditions were applied.
        note: why no run is left, where conditions leave none.

    """

    records: list[RunRecord] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    every: list[RunRecord] = field(default_factory=list)
    note: str | None = None


def select(
    words: Iterable[str] = (),
    where: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
) -> Selection:
    """The runs that words and conditions mean.

    A word is the path of a run directory, of a folder, which means its runs, or of a CSV file; `@1`, the
    latest run of `runs`, `@1..5`, or `FOLDER/@1` of another folder; the name of a run in `runs`, or the end
    of one after a dash; or a condition, where no file has that name. Without any but conditions: all of
    `runs`.

    Raises:
        ConfigError: a condition that is none, `@9` of eight runs, or no word and no folder `runs`.

    """
    found, folders = Selection(), _Folders()
    wanted = wanted_of(where, since, until)
    paths = []
    for word in words:
        if is_condition(word) and not _is_there(word):
            wanted.append(Wanted(word, ""))
        else:
            paths.append(word)
    if not paths:
        if not _is_there(DEFAULT_FOLDER):
            raise ConfigError(
                f"argument RUN: there is no folder '{DEFAULT_FOLDER}' here; name runs, or a folder of them"
            )
        paths = [DEFAULT_FOLDER]
    for word in paths:
        _take(word, found, folders)
    found.complaints = list(dict.fromkeys(found.complaints + folders.complaints))
    if len(paths) > 1:
        found.records = list({record.path: record for record in found.records}.values())
    found.every = found.records
    if wanted:
        found.records = choose_runs(found.every, wanted)
        if found.every and not found.records:
            found.note = why_none(found.every, wanted)
    return found


class _Folders:
    """Folders, each read once."""

    def __init__(self) -> None:
        self._read: dict[str, list[RunRecord]] = {}
        self.complaints: list[str] = []

    def runs_in(self, folder: str) -> list[RunRecord]:
        if folder not in self._read:
            self._read[folder], complaints = read_folder(Path(folder))
            self.complaints += complaints
        return self._read[folder]


def _take(word: str, found: Selection, folders: _Folders) -> None:
    recent = _RECENT.fullmatch(word)
    if recent and not _is_there(word):
        chosen = _recent(
            word, recent[1] or DEFAULT_FOLDER, int(recent[2]), int(recent[3] or recent[2]), folders
        )
        found.records += chosen
        found.named.update(record.path for record in chosen)
        return
    try:
        record = read_run(Path(word))
    except NoRunError:
        try:
            inside = folders.runs_in(word)
        except RunError as error:
            found.complaints.append(str(error))
            return
        found.records += inside
        if not inside:
            found.complaints.append(f"{word}: neither a run directory nor a folder of runs")
        return
    except EvoError as error:
        path = find_by_name(word)
        if path is None:
            found.complaints.append(str(error))
            return
        _take(str(path), found, folders)  # a run, or a sweep's folder
        return
    found.records.append(record)
    found.named.add(record.path)


def _recent(word: str, folder: str, first: int, last: int, folders: _Folders) -> list[RunRecord]:
    if not _is_there(folder):
        raise ConfigError(f"argument '{word}': there is no folder '{folder}'")
    runs = folders.runs_in(folder)
    if not 1 <= first <= last <= len(runs):
        there = f"@1, the latest, to @{len(runs)}" if runs else "none"
        raise ConfigError(f"argument '{word}': {folder} has {len(runs)} runs: {there}")
    return runs[::-1][first - 1 : last]


def find_by_name(word: str, folder: str = DEFAULT_FOLDER) -> Path | None:
    """The run of a folder that has the name `word`, or a name that ends in it after a dash, if any.

    A path from the folder, such as SWEEP/RUN, is taken as it is.

    Raises:
        ConfigError: it is the end of several.

    """
    if not word or not _is_there(folder):
        return None
    if "/" in word:
        inside = f"{folder}/{word}"
        return Path(inside) if word[0] not in "/." and _is_there(inside) else None
    try:
        names = names_in(Path(folder))
    except RunError:
        return None
    ends = _called(word, names) or _called(word, _in_groups(Path(folder)))
    if len(ends) > 1:
        raise ConfigError(f"argument '{word}': {len(ends)} runs of {folder} end so: {', '.join(ends[:3])}, …")
    return Path(folder) / ends[0] if ends else None


def _called(word: str, names: Sequence[str]) -> list[str]:
    """The names that are `word` or, if none is, end in it after a dash."""
    whole = [name for name in names if name.rpartition("/")[2] == word]
    return whole or [name for name in names if name.endswith(f"-{word}")]


def _in_groups(folder: Path) -> list[str]:
    names = []
    for group in groups_in(folder):
        with suppress(RunError):
            names += [f"{group}/{name}" for name in names_in(folder / group)]
    return names


def one_run(word: str) -> RunRecord:
    """The only run that `word` means.

    Raises:
        ConfigError: it means none, or several.

    """
    found = select([word])
    if len(found.records) != 1:
        problem = (
            f"it means {len(found.records)} runs" if found.records else found.complaints[0].partition(": ")[2]
        )
        names = names_in(Path(DEFAULT_FOLDER)) if _is_there(DEFAULT_FOLDER) else []
        near = "" if found.records else did_you_mean(word, names)
        raise ConfigError(f"argument '{word}': {problem}{near}")
    return found.records[0]


def numbered(records: Sequence[RunRecord]) -> dict[str, int]:
    """What `@N` each run has among runs that are the oldest first, by path."""
    return {record.path: len(records) - i for i, record in enumerate(records)}


def removable(found: Selection) -> tuple[list[RunRecord], list[RunRecord]]:
    """The runs of a selection that may be removed, and those that are still being written.

    Raises:
        ConfigError: a file is among them, or one that is still being written was named.

    """
    for record in found.records:
        if record.status == "csv":
            raise ConfigError(f"argument '{record.path}': it is a file, not a run directory")
        if record.status == "running" and record.path in found.named:
            raise ConfigError(
                f"argument '{record.path}': the run is still being written; nothing was removed"
            )
    going = [record for record in found.records if record.status != "running"]
    return going, [record for record in found.records if record.status == "running"]


def changes(
    state: dict[str, RunRecord],
    words: Iterable[str] = (),
    where: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
) -> list[tuple[str, RunRecord]]:
    """What has become of the runs that are meant since the last look: `begun`, a status, or `removed`.

    Args:
        state: the runs as they were at the last look, by path; brought up to date.
        words: as of `select`, and so are the others.
        where: conditions.
        since: a time.
        until: a time.

    """
    now = {record.path: record for record in select(words, where, since, until).records}
    found = [("removed", record) for path, record in state.items() if path not in now]
    for path, record in now.items():
        if path not in state:
            found.append(("begun", record))
        if record.status != "running" and (path not in state or state[path].status != record.status):
            found.append((record.status, record))
    state.clear()
    state.update(now)
    return found


def _is_there(path: str) -> bool:
    try:
        return look(path) is not None
    except OSError:
        return False
