"""Disks that are full, streams that are closed or full, too few descriptors, clocks that step back."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from pathlib import Path

from tests.faults.harness import (
    TRAIN,
    Loss,
    Skipped,
    Try,
    end_of,
    expected,
    loss_column,
    of_output,
    of_runs,
    started,
)
from tests.helpers import record_run
from tests.processes import command, environment

SMALL = (*TRAIN[:-1], "steps=4")
SMALL_SWEEP = ("sweep", *TRAIN[1:-1], "steps=4", "seed=0..1", "--engine", "serial")
# Larger than any file of a small run.
_LARGEST = 2500


def file_size(t: Try) -> Iterator[Loss]:
    """No file may grow beyond a size, which is swept through all that the files of a small run pass."""
    what = SMALL_SWEEP if t.number % 4 == 3 else SMALL
    size = int(t.share * _LARGEST)
    end = t.nursery.evo(*what, cwd=t.folder, limits={"FSIZE": size})
    yield from of_output(end.code, end.err, [0, 1, 2], end.out)
    yield from of_runs(t.folder / "runs", expected(*what))
    if end.code == 0:
        yield from of_runs(t.folder / "runs", expected(*what), all_there=True)


def full_disk(t: Try) -> Iterator[Loss]:
    """A file system of a few pages that fills up while a run is recorded."""
    disk = t.folder / "runs"
    disk.mkdir()
    pages = 1 + t.number
    mount = ["mount", "-t", "tmpfs", "-o", f"size={4 * pages}k", "none", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        raise Skipped("no right to mount a small tmpfs")
    what = (*TRAIN[:-1], "steps=1000")
    try:
        end = t.nursery.evo(*what, cwd=t.folder)
        yield from of_output(end.code, end.err, [0, 1, 2])
        yield from of_runs(disk, expected(*what), all_there=end.code == 0)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


_STATES = ("open", "closed", "full", "left", "pipe of ascii")
_COMMANDS = (
    SMALL,
    (*SMALL, "--quiet"),
    (*SMALL, "--json"),
    SMALL_SWEEP,
    (*SMALL_SWEEP, "--json"),
    ("compare", "old"),
    ("compare", "old", "--format", "json"),
    ("list",),
    ("--help",),
    ("--version",),
    ("verify", "--task", "sin", "--impl", "numpy", "--quick", "steps=2"),
)
STREAMS = tuple(product(_STATES, _STATES, _COMMANDS))


def streams(t: Try) -> Iterator[Loss]:
    """Stdout and stderr, each closed, full, without a reader, or of an encoding that lacks most letters."""
    out, err, what = t.dice.choice(STREAMS) if t.total < len(STREAMS) else STREAMS[t.number % len(STREAMS)]
    record_run(t.folder, "old", [2.0, 1.0])
    shell = f"exec {' '.join(map(str, command(*what)))} {_redirect(1, out)} {_redirect(2, err)} <&-"
    encoding = {"PYTHONIOENCODING": "ascii"} if "ascii" in out + err else {}
    done = subprocess.run(
        ["bash", "-c", shell],
        cwd=t.folder,
        env=environment(**encoding),
        capture_output=True,
        timeout=120,
        check=False,
    )
    said = done.stderr.decode(errors="replace")
    trains = what[0] in ("train", "sweep")
    fails = out in ("closed", "full") and not trains
    heard = err in ("open", "pipe of ascii")
    code = 1 if fails else 0
    if done.returncode != code:
        yield Loss("exit code", f"{done.returncode}, not {code}: {what} stdout {out}, stderr {err}: {said}")
    if "Traceback" in said or (fails and heard and said.count("\n") != 1):
        yield Loss("message", f"{what} stdout {out}, stderr {err}: {said!r}")
    if trains:
        yield from of_runs(t.folder / "runs", expected(*what), all_there=True)


def _redirect(number: int, state: str) -> str:
    if state == "closed":
        return f"{number}>&-"
    if state == "full":
        return f"{number}>/dev/full"
    return f"{number}> >(exec true)" if state == "left" else ""


def leaving_reader(t: Try) -> Iterator[Loss]:
    """Whoever reads the pipe leaves in the middle; the run goes on to its end."""
    with started(*TRAIN, "print_every=1", cwd=t.folder) as process:
        assert process.stdout is not None
        process.stdout.read(t.dice.randrange(1, 100_000))
        process.stdout.close()
        process.stdout = None
        end = end_of(process)
    yield from of_output(end.code, end.err, [0])
    yield from of_runs(t.folder / "runs", expected(*TRAIN, "print_every=1"), all_there=True)


def descriptors(t: Try) -> Iterator[Loss]:
    """From 8 to 20 descriptors and no more."""
    limit = t.dice.randrange(8, 21) if t.total < 52 else 8 + t.number % 13
    what = (SMALL, SMALL_SWEEP[:-2], ("compare", "old"), ("list",))[
        t.number // 13 % 4 if t.total >= 52 else t.number % 4
    ]
    record_run(t.folder, "old", [2.0, 1.0])
    done = subprocess.run(
        ["bash", "-c", f"ulimit -n {limit}; exec {' '.join(map(str, command(*what)))}"],
        cwd=t.folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    yield from of_output(done.returncode, done.stderr, [0, 1, 2])
    if what[0] in ("train", "sweep"):
        yield from of_runs(t.folder / "runs", expected(*what), all_there=done.returncode == 0)


def long_run(t: Try) -> Iterator[Loss]:
    """Ten million cheap steps: the memory at a fifth of the way is the memory at the end."""
    steps = 10_000_000
    what = (*TRAIN[:-1], "N=1", "lr=0", f"steps={steps}", "print_every=1000000")
    with started(*what, cwd=t.folder) as process:
        samples: list[int] = []
        while process.poll() is None and len(samples) < 3000:
            time.sleep(0.5)
            with suppress(OSError):
                samples += [
                    int(found[1])
                    for found in re.finditer(
                        r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text()
                    )
                ]
        out, err = process.communicate()
    yield from of_output(process.returncode, err.decode(), [0])
    if f"completed; {steps} steps" not in out.decode():
        yield Loss("wrong completed", out.decode()[-200:])
    early, late = samples[len(samples) // 5], max(samples[len(samples) // 5 :])
    if late > early + 5_000:
        yield Loss("memory", f"{early} kB at a fifth, {late} kB at most after it")


_CLOCKS = """
import random, sys, time, datetime
dice = random.Random(int(sys.argv.pop(1)))
real = time.perf_counter_ns
def stepping():
    return real() - (dice.randrange(10**9) if dice.random() < 0.01 else 0)
time.perf_counter_ns = stepping
class Back(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.fromtimestamp(1.7e9 - dice.randrange(10**6), tz)
datetime.datetime = Back
from autograd_cli.__main__ import main
main()
"""


def clocks(t: Try) -> Iterator[Loss]:
    """The clock of the steps and the clock on the wall step back at random."""
    what = (*TRAIN[:-1], "steps=2000")
    done = subprocess.run(
        [sys.executable, "-c", _CLOCKS, str(t.dice.randrange(10**6)), *what],
        cwd=t.folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    yield from of_output(done.returncode, done.stderr, [0])
    yield from of_runs(t.folder / "runs", expected(*what), all_there=True)
    from autograd_cli.runs.losses import read_losses
    from autograd_cli.runs.reader import read_run

    for path in (t.folder / "runs").glob("[!.]*"):
        elapsed_s = [seconds or 0.0 for _, _, seconds in read_losses(path / "losses.csv")]
        if len(loss_column(path)) != len(elapsed_s) or elapsed_s != sorted(elapsed_s) or elapsed_s[0] < 0:
            yield Loss("clock", "elapsed_s goes down")
        record = read_run(path)
        if str(record.finished_at) < str(record.started_at):
            yield Loss("calendar", f"started at {record.started_at}, finished at {record.finished_at}")
