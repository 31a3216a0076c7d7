"""What the tests of sweeps share: the real command line, and a look at what it left behind."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import RunRecord

EVO = (sys.executable, "-m", "autograd_cli")


_LEVEL = """{top}
import os, sys, time
import numpy

class Level:
    def __init__(self, problem, config):
        self.config, self.step, self.start = config, 0, problem.start
        {set_up}
    def forward(self):
        self.step += 1
        {body}
        return numpy.float64(self.config.seed + 1 / self.step)
    def backward(self, loss): pass
    def update(self): pass
    parameters = gradients = property(lambda self: self.start)
"""


def write_level(path: Path, body: str = "", *, set_up: str = "", top: str = "") -> str:
    """A level of the user's own, which does `body` at each step; what `impl` calls it."""
    path.write_text(_LEVEL.format(body=body, set_up=set_up, top=top))
    return f"{path}:Level"


def sweep(runs_dir: Path, *arguments: str, code: int = 0) -> str:
    """`evo sweep` to its end, which must come with exit code `code`; its stdout and stderr."""
    done = subprocess.run(
        [*EVO, "sweep", *arguments, "--runs-dir", str(runs_dir)], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def start_sweep(runs_dir: Path, *arguments: str) -> subprocess.Popen[str]:
    """`evo sweep` in a process group of its own."""
    return subprocess.Popen(
        [*EVO, "sweep", *arguments, "--runs-dir", str(runs_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def end(process: subprocess.Popen[str]) -> None:
    """Kill whatever is left of the sweep's group."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def records(runs_dir: Path) -> list[RunRecord]:
    """Every run in the folder; a directory that was cut off before its run.json is left out."""
    return [read_run(path.parent) for path in sorted(runs_dir.glob("[!.]*/run.json"))]


def completed(runs_dir: Path) -> Counter[str | None]:
    """How often each configuration has been completed."""
    return Counter(record.config_digest for record in records(runs_dir) if record.status == "completed")


def wait_for_running(runs_dir: Path, process: subprocess.Popen[str], patience_s: float = 60.0) -> RunRecord:
    """A run that goes on at this moment."""
    until = time.monotonic() + patience_s
    while time.monotonic() < until and process.poll() is None:
        for record in records(runs_dir) if runs_dir.exists() else []:
            if record.status == "running" and record.environment.get("pid"):
                return record
        time.sleep(0.01)
    raise AssertionError(f"no run was running: {process.poll()}")


def losses(runs_dir: Path) -> dict[str | None, list[str]]:
    """The loss column of each run as text, by the configuration's digest."""
    return {
        record.config_digest: [
            line.split(",")[1] for line in (Path(record.path) / "losses.csv").read_text().splitlines()[1:]
        ]
        for record in records(runs_dir)
    }
