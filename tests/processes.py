"""evo in processes of its own: for signals, terminals, imports, and what a shell sees.

`tests.helpers.evo` gives the same answers to the same arguments, and fast.
"""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from autograd_cli.runs.record import RunRecord
from tests.helpers import ROOT, UNWANTED, complaint_of, records

PATIENCE_S = 240  # a bound for what hangs, far above what is slow


def environment(**extra: str) -> dict[str, str]:
    """The environment of a command under test: this checkout first, and no terminal settings."""
    clean = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    return clean | {"PYTHONPATH": str(ROOT)} | extra


def command(*arguments: object) -> list[str]:
    """The command line `evo ARGUMENTS`, through this interpreter."""
    return [sys.executable, "-m", "autograd_cli", *map(str, arguments)]


def run(words: list[str], cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run a command line in `cwd` with its output on pipes; `extra` is added to the environment."""
    return subprocess.run(
        words,
        cwd=cwd,
        env=environment(**extra),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=False,
    )


def evo_process(*arguments: object, cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run `evo ARGUMENTS` in a process of its own."""
    return run(command(*arguments), cwd, **extra)


def refused_process(*arguments: object, cwd: Path, code: int = 2) -> str:
    """As `tests.helpers.refused`, for what comes to light so late that evo has asked git by then.

    It leaves with the answer unread, which is the end of it only where the process ends.
    """
    return complaint_of(evo_process(*arguments, cwd=cwd), code)


def sweep_process(runs_dir: Path, *arguments: str, code: int = 0) -> str:
    """As `tests.helpers.sweep`, where workers are forked, which only an idle process may do."""
    done = evo_process("sweep", *arguments, "--runs-dir", runs_dir, cwd=ROOT)
    assert done.returncode == code, done
    return done.stdout + done.stderr


def run_python(code: str, *arguments: object, cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run Python code, such as one that changes something and then calls the command line."""
    return run([sys.executable, "-c", code, *map(str, arguments)], cwd, **extra)


@contextmanager
def started(*arguments: object, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    """`evo ARGUMENTS` while it runs, in a process group of its own, of which nothing is left at the end."""
    with subprocess.Popen(
        command(*arguments),
        cwd=cwd,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_for_running(runs_dir: Path, process: subprocess.Popen[str]) -> RunRecord:
    """A run that goes on at this moment."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        for record in records(runs_dir) if runs_dir.exists() else []:
            if record.status == "running" and record.environment.get("pid"):
                return record
        time.sleep(0.01)
    raise AssertionError(f"no run was running: {process.poll()}")


def on_terminal(*arguments: object, cwd: Path, **extra: str) -> tuple[str, int]:
    """What `evo ARGUMENTS` writes to a terminal of 100 columns and 40 lines, and its exit code."""
    main, side = pty.openpty()
    process = subprocess.Popen(
        command(*arguments),
        cwd=cwd,
        env=environment(TERM="xterm-256color", COLUMNS="100", LINES="40") | extra,
        stdin=side,
        stdout=side,
        stderr=side,
    )
    os.close(side)
    pieces = []
    while select.select([main], [], [], PATIENCE_S)[0]:
        try:
            piece = os.read(main, 65536)
        except OSError:  # how Linux says that the other side is closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(main)
    return b"".join(pieces).decode(), process.wait(timeout=PATIENCE_S)
