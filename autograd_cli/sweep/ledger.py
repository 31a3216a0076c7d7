"""What a folder of runs holds already, and what other sweeps are doing in it.

The run directories are the truth. Beside them, in the hidden folder `.sweeps`:

claims   an empty file; a sweep that works on a run holds a lock on the byte that the run's digest gives.
         Such locks end with their process, however it ends, and are not inherited by workers.
done     `digest<TAB>directory` for each run that a sweep has finished, appended by whoever ran it. It only
         spares sweeps that run at the same time from looking through the folder again and again.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from autograd_cli.catalogue.files import names_class
from autograd_cli.catalogue.registry import TASKS
from autograd_cli.contract.config import RunConfig, digest_of, kinship_of
from autograd_cli.errors import ConfigError, RunError
from autograd_cli.runs.nursery import remove_leftovers
from autograd_cli.runs.place import unusable_folder
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import RunRecord, Status
from autograd_cli.runs.summary import RunSummary

_FOLDER = ".sweeps"
_CLAIMS = "claims"
_DONE = "done"

# Of several runs with one digest, the one whose status comes first here counts.
_WORTH: tuple[Status, ...] = (
    "completed",
    "diverged",
    "running",
    "failed",
    "timed out",
    "interrupted",
    "damaged",
)


class Index:
    """Runs of a folder by digest. A folder that does not exist holds none."""

    def __init__(self, runs_dir: Path) -> None:
        self._runs_dir = runs_dir
        self._settled: set[str] = set()
        self._by_digest: dict[str, RunSummary] = {}
        self._by_kinship: dict[str, list[tuple[str | None, RunSummary]]] = {}
        self.refresh()

    def find(self, digest: str) -> RunSummary | None:
        """The run with that digest, the most useful one if there are several."""
        return self._by_digest.get(digest)

    def stale(self, config: RunConfig, source_digest: str | None) -> list[RunSummary]:
        """The runs of a configuration whose level of the user's own had another source, or kept none."""
        if source_digest is None:
            return []
        kin = self._by_kinship.get(kinship_of(config.to_dict()), [])
        return [known for digest, known in kin if digest != source_digest]

    def refresh(self) -> None:
        """Look at what is new, and again at what was not finished."""
        for digest, known in list(self._by_digest.items()):
            if known.status == "running":
                del self._by_digest[digest]
        for name in self._names():
            if name not in self._settled:
                self.read(name)

    def read(self, name: str) -> None:
        """Take in the run directory called `name`; what is no run is passed over."""
        with suppress(RunError):
            record = read_run(self._runs_dir / name)
            if record.status != "running":
                self._settled.add(name)
            digest = _digest_of(record)
            known = RunSummary.of(record, is_new=False)
            if names_class(str(record.config.get("impl"))) and record.status != "running":
                kin = self._by_kinship.setdefault(kinship_of(record.config), [])
                kin.append((record.source_digest, known))
            other = self._by_digest.get(digest)
            if other is None or _worth(record.status) <= _worth(other.status):
                self._by_digest[digest] = known

    def _names(self) -> Iterator[str]:
        try:
            with os.scandir(self._runs_dir) as entries:
                for entry in entries:
                    if not entry.name.startswith(".") and entry.is_dir():
                        yield entry.name
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise ConfigError(
                f"runs_dir: cannot read '{self._runs_dir}': {error.strerror}", key="runs_dir"
            ) from error


class Ledger:
    """The index of a folder, kept up to date, and this sweep's claims on runs.

    Raises:
        ConfigError: the folder cannot be written.

    """

    def __init__(self, runs_dir: Path) -> None:
        try:
            folder = runs_dir / _FOLDER
            folder.mkdir(parents=True, exist_ok=True)
            self._claims = (folder / _CLAIMS).open("ab")
            self._done = (folder / _DONE).open("a+b")
        except OSError as error:
            raise unusable_folder(runs_dir, error) from error
        # First the end of the journal, then the folder: what is finished in between is seen twice, not never.
        self._offset = self._done.seek(0, os.SEEK_END)
        self._own: set[str] = set()
        remove_leftovers(runs_dir)
        self.index = Index(runs_dir)

    def claim(self, digest: str) -> bool:
        """Keep other sweeps from the run; False if one of them has it. The index then knows what they did."""
        try:
            fcntl.lockf(self._claims, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _byte_of(digest))
        except (BlockingIOError, PermissionError):
            return False
        self._read_journal()
        self._own.add(digest)
        return True

    def release(self, digest: str) -> None:
        """Let go of the run."""
        fcntl.lockf(self._claims, fcntl.LOCK_UN, 1, _byte_of(digest))

    def close(self) -> None:
        """Let go of everything."""
        self._claims.close()
        self._done.close()

    def _read_journal(self) -> None:
        if os.fstat(self._done.fileno()).st_size <= self._offset:
            return
        self._done.seek(self._offset)
        new = self._done.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._offset += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            digest, _, name = line.partition("\t")
            if digest not in self._own:
                self.index.read(name)


def note_done(runs_dir: Path, done: Iterable[tuple[str, str]]) -> None:
    """Tell other sweeps which runs are finished, each by its digest and its directory's path.

    Without the journal's file they look for themselves.
    """
    lines = "".join(f"{digest}\t{os.path.basename(path)}\n" for digest, path in done)
    with suppress(OSError):
        journal = os.open(runs_dir / _FOLDER / _DONE, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(journal, lines.encode())
        finally:
            os.close(journal)


def _digest_of(record: RunRecord) -> str:
    """What the run would be known by today, also if its record holds keys that are none any more."""
    task = TASKS.get(str(record.config.get("task")))
    retired = set(task.retired) & set(record.config) if task else set()
    if record.config_digest is not None and not retired:
        return record.config_digest
    return digest_of({key: value for key, value in record.config.items() if key not in retired})


def _byte_of(digest: str) -> int:
    """Where the run's lock is: 60 bits of the digest, so that two runs hardly ever share a byte."""
    return int(digest[:15], 16)


def _worth(status: Status) -> int:
    return _WORTH.index(status) if status in _WORTH else len(_WORTH)
