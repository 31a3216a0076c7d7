"""The real program hundreds of times a minute: each command in a fork of a process that has it imported.

A line of JSON asks for commands that start at once, and a line of JSON answers with how each ended.
"""

import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.processes import environment

PATIENCE_S = 60.0
_PIPE_SIZE = 1 << 20


@dataclass(frozen=True)
class End:
    """How a command ended.

    Attributes:
        code: its exit code, negative for a signal; None if it had to be killed because it hung.
        out: what it wrote to stdout.
        err: what it wrote to stderr.

    """

    code: int | None
    out: str
    err: str


class Nursery:
    """A process that forks commands."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment(),
        )

    def __enter__(self) -> "Nursery":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=PATIENCE_S)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def evo(self, *arguments: object, cwd: Path, limits: Mapping[str, int] | None = None) -> End:
        """One command; `limits` are resource limits, such as `{"FSIZE": 100}`."""
        return self.together([arguments], cwd=cwd, limits=limits)[0]

    def together(
        self, commands: Sequence[Sequence[object]], *, cwd: Path, limits: Mapping[str, int] | None = None
    ) -> list[End]:
        """Commands that start at the same moment."""
        request = {
            "commands": [list(map(str, arguments)) for arguments in commands],
            "cwd": str(cwd),
            "limits": dict(limits or {}),
        }
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(request), file=self._process.stdin, flush=True)
        return [End(**end) for end in json.loads(self._process.stdout.readline())]


def _serve() -> None:
    import numpy as np  # what the children are to share

    import autograd_cli as evo
    from autograd_cli.__main__ import main
    from autograd_cli.display import sweep, training, verdicts

    assert all((np, main, sweep, training, verdicts))
    evo.train("sin", "numpy", steps=1, runs_dir=None)
    for line in sys.stdin:
        request = json.loads(line)
        children = [_fork(arguments, request) for arguments in request["commands"]]
        sys.stdout.write(json.dumps([_wait(*child) for child in children]) + "\n")
        sys.stdout.flush()


def _fork(arguments: list[str], request: Mapping[str, Any]) -> tuple[int, int, int]:
    out, their_out = os.pipe()
    err, their_err = os.pipe()
    for pipe in (out, err):
        if hasattr(fcntl, "F_SETPIPE_SZ"):  # so that no child waits for a reader
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_SIZE)
    pid = os.fork()
    if pid:
        os.close(their_out)
        os.close(their_err)
        return pid, out, err
    try:
        os.setsid()
        for number, end in ((1, their_out), (2, their_err)):
            os.dup2(end, number)
        os.closerange(3, 100)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.chdir(request["cwd"])
        for name, value in request["limits"].items():
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))
        sys.stdout, sys.stderr = open(1, "w", closefd=False), open(2, "w", closefd=False)  # noqa: SIM115
        sys.argv = ["evo", *arguments]
        from autograd_cli.__main__ import main

        main()
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    os._exit(99)


def _wait(pid: int, out: int, err: int) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE_S
    code: int | None = None
    while time.monotonic() < until:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            break
        time.sleep(0.002)
    else:
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    texts = []
    for pipe in (out, err):
        os.set_blocking(pipe, False)  # a grandchild may still hold the other end
        with open(pipe, "rb", buffering=0) as file:
            texts.append((file.read(_PIPE_SIZE) or b"").decode(errors="surrogateescape"))
    return {"code": code, "out": texts[0], "err": texts[1]}


if __name__ == "__main__":
    _serve()
