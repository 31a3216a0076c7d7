"""A power cut: every prefix of what a command asked of the file system, with what was not synced gone.

strace writes down the calls. A model replays them: names change in the order of the calls, as a journal keeps
them; the content of a file is what it was at its last sync. After each call the machine may stop, and then
either nothing that was unsynced has survived, or that of one file alone, because the system writes back in
any order.
"""

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from autograd_cli.errors import EvoError
from autograd_cli.predict.model import load_model
from autograd_cli.runs.reader import read_run
from tests.faults.harness import MANY, TRAIN, Loss, Skipped, Try, expected, loss_column
from tests.processes import command, environment

_OF_NAMES = (
    *("open", "openat", "creat", "rename", "renameat", "renameat2", "link", "linkat"),
    *("unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"),
)
_TRACED = ",".join(_OF_NAMES) + (
    ",close,dup,dup2,dup3,write,pwrite64,writev,ftruncate,fsync,fdatasync,sync,syncfs,sendfile,copy_file_range"
)
_LINE = re.compile(r"(\d+)\s+(\w+)\((.*)\)\s+= (-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')

COMMANDS = (
    (*TRAIN[:-1], "steps=3"),
    ("sweep", *TRAIN[1:-1], "steps=3", "seed=0..2", "--engine", "serial"),
    (*MANY[:-3], "steps=3", "seed=0..2"),
    ("sweep", *TRAIN[1:-1], "steps=3", "seed=0..2", "--engine", "processes", "--workers", "2"),
)


@dataclass
class File:
    """A file of the model: what programs see, and what a power cut leaves."""

    content: bytearray = field(default_factory=bytearray)
    synced: bytes = b""


class Disk:
    """Names, and the files that they lead to, below one folder."""

    def __init__(self, top: Path) -> None:
        self.top = PurePosixPath(top)
        self.files: dict[PurePosixPath, File] = {}
        self.folders: set[PurePosixPath] = set()
        self._open: dict[tuple[int, int], File | PurePosixPath] = {}

    def apply(self, pid: int, call: str, arguments: str, result: int) -> bool:
        """Do what a call did; whether it has changed anything."""
        texts = [bytes.fromhex(found[1].replace("\\x", "")) for found in _TEXT.finditer(arguments)]
        numbers = [int(n) for n in re.findall(r"(?<![\w\\])-?\d+(?!\w)", _TEXT.sub("", arguments))]
        key = (pid, numbers[0] if numbers else -1)
        if call in ("sync", "syncfs"):
            return self._sync(self.files.values())
        if call == "close":
            self._open.pop(key, None)
            return False
        if call.startswith("dup"):
            if key in self._open:
                self._open[pid, result] = self._open[key]
            return False
        if call in _OF_NAMES:
            paths = [PurePosixPath(text.decode(errors="surrogateescape")) for text in texts]
            return self._names(call, pid, paths, arguments, result)
        return self._content(call, key, texts, numbers, result)

    def _names(self, call: str, pid: int, paths: list[PurePosixPath], arguments: str, result: int) -> bool:
        path = paths[0]
        if call in ("open", "openat", "creat"):
            return self._opened(pid, path, arguments, result)
        if call.startswith(("rename", "link")):
            return self._moved(path, paths[1], copies=call.startswith("link"))
        if call.startswith("mkdir"):
            if self._holds(path):
                self.folders.add(path)
            return self._holds(path)
        self.folders.discard(path)
        return self.files.pop(path, None) is not None

    def _content(
        self, call: str, key: tuple[int, int], texts: list[bytes], numbers: list[int], result: int
    ) -> bool:
        file = self._open.get(key)
        if not isinstance(file, File):
            return False
        if call in ("fsync", "fdatasync"):
            return self._sync([file])
        if call == "ftruncate":
            del file.content[numbers[1] :]
        elif call in ("write", "writev", "pwrite64"):
            data = b"".join(texts)[:result]
            at = numbers[-1] if call == "pwrite64" else len(file.content)
            file.content[at : at + len(data)] = data
        else:
            raise NotImplementedError(f"{call} into a file of a run")
        return True

    def _sync(self, files: Iterable[File]) -> bool:
        changed = [file for file in files if file.synced != file.content]
        for file in changed:
            file.synced = bytes(file.content)
        return bool(changed)

    def _opened(self, pid: int, path: PurePosixPath, arguments: str, result: int) -> bool:
        if not self._holds(path):
            self._open.pop((pid, result), None)
            return False
        if path in self.folders or "O_DIRECTORY" in arguments or path == self.top:
            self._open[pid, result] = path
            return False
        is_new = path not in self.files
        file = self.files.setdefault(path, File()) if "O_CREAT" in arguments else self.files.get(path)
        if file is None:
            return False
        if "O_TRUNC" in arguments:
            file.content.clear()
        self._open[pid, result] = file
        return is_new

    def _moved(self, old: PurePosixPath, new: PurePosixPath, *, copies: bool) -> bool:
        if old in self.files:
            self.files[new] = self.files[old] if copies else self.files.pop(old)
            return True
        for path in [path for path in self.files if old in path.parents]:
            self.files[new / path.relative_to(old)] = self.files.pop(path)
        moved = {path for path in self.folders if path == old or old in path.parents}
        self.folders = (self.folders - moved) | {new / path.relative_to(old) for path in moved}
        return bool(moved)

    def _holds(self, path: PurePosixPath) -> bool:
        return self.top in (path, *path.parents)

    def after_a_cut(self, where: Path, survivor: File | None) -> None:
        """Write down what is left in `where`; of `survivor` also what was not synced."""
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir()
        for folder in sorted(self.folders):
            where.joinpath(folder.relative_to(self.top)).mkdir(parents=True, exist_ok=True)
        for path, file in self.files.items():
            place = where / path.relative_to(self.top)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(file.content if file is survivor else file.synced)


def power_cut(t: Try) -> Iterator[Loss]:
    """Each attempt is a command, every prefix of whose calls is replayed."""
    strace = shutil.which("strace")
    if strace is None:
        raise Skipped("strace is not installed")
    what = COMMANDS[t.number % len(COMMANDS)]
    runs, log = t.folder / "runs", t.folder / "calls"
    trace = [strace, "-f", "-xx", "-s", "10000000", "-e", f"trace={_TRACED}", "-o", str(log)]
    done = subprocess.run(
        [*trace, *command(*what, "--runs-dir", str(runs))],
        cwd=t.folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if "ptrace" in done.stderr:
        raise Skipped(f"strace may not trace here: {done.stderr.splitlines()[-1]}")
    right = expected(*what)
    disk = Disk(runs)
    disk.folders.add(disk.top)
    seen: set[str] = set()
    for pid, call, arguments, result in calls(log):
        if result < 0 or not disk.apply(pid, call, arguments, result):
            continue
        unsynced = [file for file in disk.files.values() if file.synced != file.content]
        for survivor in (None, *unsynced):
            disk.after_a_cut(t.folder / "cut", survivor)
            for loss in wrongly_completed(t.folder / "cut", right):
                if loss.what not in seen:
                    seen.add(loss.what)
                    yield loss
    end = {path.relative_to(runs): path.read_bytes() for path in runs.rglob("*") if path.is_file()}
    told = {Path(path.relative_to(disk.top)): bytes(file.content) for path, file in disk.files.items()}
    if end != told:
        apart = sorted(map(str, {name for name in end | told if end.get(name) != told.get(name)}))
        yield Loss("model", f"the replay ends with other files than the command: {apart}")


def calls(log: Path) -> Iterator[tuple[int, str, str, int]]:
    """Process, call, arguments and result of each call in strace's log, in the order in which they ended."""
    begun: dict[int, str] = {}
    for raw in log.read_text(errors="replace").splitlines():
        line = raw
        pid = int(line.split(None, 1)[0])
        if line.endswith("<unfinished ...>"):
            begun[pid] = line.removesuffix("<unfinished ...>")
            continue
        if resumed := re.match(r"\d+\s+<\.\.\. \w+ resumed>", line):
            line = begun.pop(pid, "") + line[resumed.end() :]
        if found := _LINE.match(line):
            yield int(found[1]), found[2], found[3], int(found[4])


def wrongly_completed(runs: Path, right: dict[str, list[str]]) -> Iterator[Loss]:
    """Runs that read `completed` although a part of what they hold is missing."""
    for path in sorted(runs.glob("[!.]*")):
        try:
            record = read_run(path)
        except EvoError:
            continue
        if record.status != "completed":
            continue
        try:
            found = loss_column(path)
            load_model(path)
        except (OSError, EvoError) as error:
            yield Loss("wrong completed", str(error).replace(path.name, "RUN"))
            continue
        if found != right.get(str(record.config_digest)):
            yield Loss("wrong completed", f"{len(found)} losses in losses.csv")
