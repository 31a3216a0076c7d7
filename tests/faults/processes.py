"""Processes that are killed, signalled, cut off from their terminal, or too many."""

import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.faults.harness import (
    MANY,
    SWEEP,
    TRAIN,
    Loss,
    Skipped,
    Try,
    end_of,
    expected,
    has_entry,
    of_output,
    of_runs,
    started,
    wait_for,
)
from tests.helpers import records
from tests.processes import command, environment
from tests.processes import evo_process as evo


def killed_early(t: Try) -> Iterator[Loss]:
    """SIGKILL in the first 5 ms after something has come up in the runs folder."""
    runs = t.folder / "runs"
    with started(*TRAIN, cwd=t.folder) as process:
        if wait_for(lambda: has_entry(runs), process):
            time.sleep(t.dice.uniform(0, 0.005))
        process.kill()
    yield from of_runs(runs, expected(*TRAIN))


def killed_anywhere(t: Try) -> Iterator[Loss]:
    """SIGKILL at any moment of a run's life."""
    runs = t.folder / "runs"
    with started(*TRAIN, cwd=t.folder) as process:
        if t.dice.random() < 0.7:
            wait_for(lambda: has_entry(runs), process)
        time.sleep(t.dice.uniform(0, 0.6))
        process.kill()
    yield from of_runs(runs, expected(*TRAIN))


def killed_sweep(t: Try) -> Iterator[Loss]:
    """SIGKILL to a sweep of each engine at any moment; then the same command completes it."""
    engine = ("processes", "serial", "batched")[t.number % 3]
    what = MANY if engine == "batched" else SWEEP
    with started(*what, "--engine", engine, cwd=t.folder) as process:
        wait_for(lambda: has_entry(t.folder / "runs"), process)
        time.sleep(t.dice.uniform(0, 1.2))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(0.3)  # workers stop at their next batch
    yield from of_runs(t.folder / "runs", expected(*what))
    yield from _completes(t, *what, "--engine", engine)


def killed_worker(t: Try) -> Iterator[Loss]:
    """SIGKILL or SIGTERM to a worker of a sweep, which goes on and completes everything itself."""
    how = (signal.SIGKILL, signal.SIGTERM)[t.number % 2]
    with started(*SWEEP, "--engine", "processes", "--workers", "2", cwd=t.folder) as process:
        time.sleep(t.dice.uniform(0, 0.5))
        wait_for(lambda: _children(process.pid), process, 0.005)
        if children := _children(process.pid):
            with suppress(ProcessLookupError):
                os.kill(t.dice.choice(children), how)
        end = end_of(process)
    yield from of_output(end.code, end.err, [0])
    yield from of_runs(t.folder / "runs", expected(*SWEEP), all_there=True)


def signalled(t: Try) -> Iterator[Loss]:
    """SIGINT or SIGTERM, to the process or its group, once or twice, of a run or a sweep."""
    bits = t.number if t.total >= 16 else t.dice.randrange(16)
    number, code = ((signal.SIGINT, 130), (signal.SIGTERM, 143))[bits & 1]
    send = (os.kill, os.killpg)[bits >> 1 & 1]
    times, what = (1, 2)[bits >> 2 & 1], (SWEEP, TRAIN)[bits >> 3 & 1]
    with started(*what, cwd=t.folder) as process:
        if t.dice.random() < 0.8:
            wait_for(lambda: has_entry(t.folder / "runs"), process)
        time.sleep(t.dice.uniform(0, 0.4))
        for _ in range(times):
            with suppress(ProcessLookupError):
                send(process.pid, number)
            time.sleep(t.dice.choice([0, 0.001, 0.02]))
        end = end_of(process)
    # Before main() has been reached, Python's own end is all there is: by the signal, or with its traceback.
    too_early = not has_entry(t.folder / "runs")
    if not (too_early and end.code in (1, -number, 130)):
        yield from of_output(end.code, end.err, [0, 130, code])
    yield from of_runs(t.folder / "runs", expected(*what))
    if what is SWEEP:
        yield from _completes(t, *SWEEP)


def hung_up(t: Try) -> Iterator[Loss]:
    """The terminal is closed: SIGHUP, and a device that answers EIO; one who has ignored SIGHUP goes on."""
    ignores = bool(t.number % 2)
    script = f"import signal; signal.signal(signal.SIGHUP, signal.{'SIG_IGN' if ignores else 'SIG_DFL'})\n"
    script += "import sys; sys.argv[0] = 'evo'\nfrom autograd_cli.__main__ import main\nmain()"
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(t.folder)
        os.execvpe(sys.executable, [sys.executable, "-c", script, *TRAIN], environment(TERM="xterm"))  # noqa: S606
    until = time.monotonic() + t.dice.uniform(0.05, 1.0)
    while time.monotonic() < until or not has_entry(t.folder / "runs"):
        os.set_blocking(terminal, False)
        with suppress(OSError):
            os.read(terminal, 65536)
        time.sleep(0.01)
        if time.monotonic() > until + 60:
            break
    os.close(terminal)
    code = _wait(pid)
    yield from of_runs(t.folder / "runs", expected(*TRAIN), all_there=ignores)
    if code is None:
        yield Loss("hang", "it goes on for ever after its terminal was closed")
    elif code != (0 if ignores else -signal.SIGHUP) and not (code == 0 and not ignores):
        yield Loss("exit code", f"{code} after SIGHUP {'ignored' if ignores else ''}")


def many_writers(t: Try) -> Iterator[Loss]:
    """Sixteen runs at the same moment in one folder, under one name or under none."""
    named = ["--name", "r"] if t.number % 2 == 0 else []
    what = (*TRAIN[:-1], "steps=300")
    ends = t.nursery.together([[*what, *named]] * 16, cwd=t.folder)
    for end in ends:
        yield from of_output(end.code, end.err, [0, 2] if named else [0])
    won = sum(end.code == 0 for end in ends)
    if won != (1 if named else 16):
        yield Loss("name", f"{won} of 16 have written")
    right = expected(*what)
    for record in records(t.folder / "runs"):
        if record.status != "completed":
            yield Loss("torn", f"{record.path} is {record.status}")
    yield from of_runs(t.folder / "runs", right, all_there=bool(named))


def killed_scheduler(t: Try) -> Iterator[Loss]:
    """SIGKILL to the Dask scheduler in mid-sweep: a line, a quick end, and the same command goes on."""
    try:
        import distributed
    except ImportError as error:
        raise Skipped("distributed is not installed") from error
    del distributed
    what = (*SWEEP, "--engine", "dask")
    with (
        _cluster(t.folder) as (address, scheduler),
        started(*what, "--scheduler", address, cwd=t.folder) as process,
    ):
        wait_for(lambda: has_entry(t.folder / "runs"), process, 0.01)
        time.sleep(t.dice.uniform(0, 1))
        scheduler.kill()
        end = end_of(process)
    yield from of_output(end.code, end.err, [0, 1, 2])
    yield from of_runs(t.folder / "runs", expected(*SWEEP))
    with _cluster(t.folder) as (address, _):
        done = evo(*what, "--scheduler", address, cwd=t.folder)
    yield from of_output(done.returncode, done.stderr, [0])
    yield from of_runs(t.folder / "runs", expected(*SWEEP), all_there=True)


class _cluster:  # noqa: N801 - used as a function
    """A scheduler and a worker in processes of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> tuple[str, "subprocess.Popen[bytes]"]:
        file = self._folder / f"scheduler-{time.monotonic_ns()}.json"
        base = [sys.executable, "-m", "distributed.cli"]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._all: list[subprocess.Popen[bytes]] = []
        for arguments in (
            ["dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)],
            ["dask_worker", "--nthreads", "1", "--no-dashboard", "--scheduler-file", str(file)],
        ):
            line = [*base[:2], f"{base[2]}.{arguments[0]}", *arguments[1:]]
            self._all.append(subprocess.Popen(line, cwd=self._folder, env=environment(), **quiet))
        import json

        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(OSError, ValueError):
                return str(json.loads(file.read_text())["address"]), self._all[0]
            time.sleep(0.1)
        raise Skipped("the Dask scheduler does not start")

    def __exit__(self, *error: object) -> None:
        for process in self._all:
            process.kill()
            process.wait()


def _completes(t: Try, *what: str) -> Iterator[Loss]:
    """Whatever has happened before, the same command ends with every run completed once."""
    done = subprocess.run(
        command(*what),
        cwd=t.folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    yield from of_output(done.returncode, done.stderr, [0])
    yield from of_runs(t.folder / "runs", expected(*what), all_there=True)


def _children(pid: int) -> list[int]:
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, IndexError, ValueError):
            name, _, rest = file.read_text().rpartition(")")
            if int(rest.split()[1]) == pid and "git" not in name:
                found.append(int(file.parent.name))
    return found


def _wait(pid: int, patience_s: float = 60.0) -> int | None:
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None
