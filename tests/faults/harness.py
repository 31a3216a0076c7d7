"""What every fault has in common: how it is tried, what counts as lost, and what an unhurt run looks like."""

import os
import random
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from autograd_cli.errors import EvoError
from autograd_cli.predict.model import load_model
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import RunRecord
from tests.faults.nursery import End, Nursery
from tests.helpers import command, environment, evo

# What waits for a change on another branch, as `fault: kind`. To be empty when all is merged.
PENDING = frozenset(
    {
        "SIGKILL in a run's first 5 ms: no run",
        "SIGKILL at any moment of a run: no run",
        "SIGKILL to a sweep, which is then completed: no run",
        "SIGKILL or SIGTERM to a sweep's worker: no run",
        "SIGINT, SIGTERM: process, group; once, twice: no run",
        "SIGINT, SIGTERM: process, group; once, twice: traceback",
        "terminal closed: no run",
        "disk full: RLIMIT_FSIZE of every size: no run",
        "disk full: a file system of a few pages: no run",
        "8 to 20 descriptors: no run",
        "power cut after every call: wrong completed",
        "files with changed bytes (100 a try): wrong completed",
        "files that hypothesis wrote (100 a try): wrong completed",
        "clocks that step back: clock",
        "clocks that step back: calendar",
    }
)

PATIENCE_S = 120.0

_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Loss:
    """Something that a fault has destroyed.

    Attributes:
        kind: a wrong loss, a traceback, a hang, ….
        what: what was found, in one line.

    """

    kind: str
    what: str


@dataclass
class Try:
    """One attempt.

    Attributes:
        folder: an empty folder for it.
        number: which attempt of the fault's it is, from 0.
        total: how many attempts there are.
        dice: random numbers of its own, the same in every repetition.
        nursery: where commands are cheap.

    """

    folder: Path
    number: int
    total: int
    dice: random.Random
    nursery: Nursery

    @property
    def share(self) -> float:
        """How far the attempts are, from 0 up to 1: what steps through a range steps by it."""
        return self.number / self.total


class Skipped(Exception):  # noqa: N818 - no error: this machine cannot produce the fault
    """The fault cannot be produced here; the message says why."""


@dataclass(frozen=True)
class Fault:
    """A way to hurt the program.

    Attributes:
        name: as the table calls it.
        attempt: does it once, and tells what was lost.
        quick: attempts of `make test`.
        long: attempts of `make faults`.

    """

    name: str
    attempt: Callable[[Try], Iterable[Loss]]
    quick: int
    long: int

    def tried(self, number: int, total: int, nursery: Nursery) -> list[Loss]:
        """What attempt `number` has lost, without what is known to wait for another branch."""
        with TemporaryDirectory(prefix="evo-fault-") as folder:
            dice = random.Random(f"{self.name} {number}")
            found = self.attempt(Try(Path(folder), number, total, dice, nursery))
            return [loss for loss in found if f"{self.name}: {loss.kind}" not in PENDING]


# --- what counts as lost ----------------------------------------------------------------------------


def of_output(code: int | None, err: str, allowed: Sequence[int], out: str = "") -> Iterator[Loss]:
    """A hang, a traceback, an exit code that means nothing, an error that is no line, a control sequence."""
    if code is None:
        yield Loss("hang", f"killed after {PATIENCE_S:.0f} s; stderr {err[-200:]!r}")
        return
    if "Traceback" in err or "Error:" in err:
        yield Loss("traceback", f"{err[-300:]!r}")
    elif code not in allowed:
        yield Loss("exit code", f"{code}, not one of {list(allowed)}; stderr {err[-300:]!r}")
    elif [line for line in err.splitlines() if not line.startswith(("evo: ", "  "))]:
        yield Loss("message", f"{err[:300]!r}")
    elif code in (1, 2) and not (err or out):
        yield Loss("message", f"exit code {code} without a word")
    if _CONTROL.search(err):
        yield Loss("control sequence", f"{err[:300]!r}")


def of_runs(runs_dir: Path, expected: dict[str, list[str]], *, all_there: bool = False) -> Iterator[Loss]:
    """What is wrong with the runs in a folder.

    Args:
        runs_dir: the folder.
        expected: the losses of each configuration, by its digest, as text.
        all_there: whether every configuration must have been completed, once each.

    """
    times = dict.fromkeys(expected, 0)
    for path in sorted(runs_dir.glob("[!.]*")) if runs_dir.exists() else []:
        try:
            record = read_run(path)
        except EvoError as error:
            yield Loss("no run", f"a visible directory that cannot be read: {error}")
            continue
        yield from of_run(record, path, expected)
        if record.status == "completed":
            times[str(record.config_digest)] = times.get(str(record.config_digest), 0) + 1
    wrong = {digest[:8]: count for digest, count in times.items() if count != 1}
    if all_there and wrong:
        yield Loss("sweep", f"runs lost or doubled: {wrong}")


def of_run(record: RunRecord, path: Path, expected: dict[str, list[str]]) -> Iterator[Loss]:
    """What is wrong with one run that can be read: losses that are not those of an unhurt one."""
    try:
        found = loss_column(path)
    except OSError as error:
        found = []
        if record.status in ("completed", "running", "interrupted"):
            yield Loss("torn", f"{record.status} without losses.csv: {error}")
    right = expected.get(str(record.config_digest))
    if right is None:
        yield Loss("wrong loss", f"{path.name} is of no configuration that was asked for")
    elif found != right[: len(found)]:
        pairs = enumerate(zip(found, right, strict=False))
        at = next((i for i, (one, other) in pairs if one != other), len(right))
        yield Loss("wrong loss", f"{path.name} at step {at}: {found[at : at + 1]}, not {right[at : at + 1]}")
    elif record.steps > len(found) and str(record.status) != "damaged":
        yield Loss("torn", f"{record.status} with {record.steps} steps, and {len(found)} in losses.csv")
    elif record.status == "completed" and len(found) != len(right):
        yield Loss("wrong completed", f"{len(found)} losses of {len(right)}")
    if record.status == "completed":
        try:
            load_model(path)
        except EvoError as error:
            yield Loss("wrong completed", f"its weights: {error}")


def loss_column(run: Path) -> list[str]:
    """The losses in a run's file as text, without a torn last line."""
    lines = (run / "losses.csv").read_text().splitlines(keepends=True)[1:]
    return [line.split(",")[1] for line in lines if line.endswith("\n")]


# --- the program -------------------------------------------------------------------------------------

# Some tenths of a second of steps.
TRAIN = ("train", "--task", "sin", "--impl", "numpy", "steps=20000")
# Eight runs, each as long as two of the loop's slices.
SWEEP = ("sweep", "--task", "sin", "--impl", "numpy", "steps=8000", "lr=1e-7,1e-6", "seed=0..3")
MANY = ("sweep", "--task", "sin", "--impl", "batched", "steps=2000", "lr=1e-7,1e-6", "seed=0..3")


@cache
def expected(*arguments: str) -> dict[str, list[str]]:
    """The losses of every run of a command that nothing happens to, by the configuration's digest."""
    asked = [word for word in arguments if word not in ("--quiet", "--json")]
    with TemporaryDirectory(prefix="evo-expected-") as folder:
        done = evo(*asked, "--quiet", cwd=Path(folder))
        assert done.returncode == 0, done.stderr
        found = {}
        for path in map(Path(folder).joinpath, done.stdout.split()):
            record = read_run(path)
            assert (record.status, record.config_digest is None) == ("completed", False)
            found[str(record.config_digest)] = loss_column(path)
        return found


@contextmanager
def started(*arguments: object, cwd: Path, **streams: object) -> Iterator[subprocess.Popen[bytes]]:
    """The real command in a session of its own, all of which is gone in the end."""
    pipes: dict[str, object] = {"stdin": subprocess.DEVNULL}
    pipes |= dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    process: subprocess.Popen[bytes] = subprocess.Popen(
        command(*arguments), cwd=cwd, env=environment(), start_new_session=True, **pipes | streams
    )  # type: ignore[call-overload]
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()


def end_of(process: subprocess.Popen[bytes]) -> End:
    """How a started command ends; it is killed if it hangs."""
    try:
        out, err = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
        return End(None, out.decode(), err.decode())
    return End(process.returncode, (out or b"").decode(), (err or b"").decode())


def wait_for(what: Callable[[], object], process: subprocess.Popen[bytes], pause_s: float = 0.0) -> bool:
    """Whether `what` has come before the process has ended."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if what():
            return True
        if process.poll() is not None:
            return False
        time.sleep(pause_s)
    return False


def has_entry(folder: Path) -> bool:
    """Whether anything, hidden or not, is in a folder that may not be there yet."""
    with suppress(OSError):
        return bool(os.listdir(folder))
    return False
