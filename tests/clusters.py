"""A Dask cluster on this machine's loopback, for tests: a scheduler, and workers that come and are killed."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.helpers import ROOT
from tests.processes import PATIENCE_S

_LOCAL = ("--host", "127.0.0.1", "--no-dashboard")


class Cluster:
    """A running scheduler.

    Attributes:
        address: where it listens.
        folder: where its workers keep what they need while they live.
        processes: the scheduler, and the workers that were started.

    """

    def __init__(self, folder: Path, *, has_evo: bool = True) -> None:
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        (folder / "without").mkdir(parents=True)
        (folder / "without" / "sitecustomize.py").write_text(
            "import sys\nsys.modules['autograd_cli'] = None\n"
        )
        file = folder / "scheduler.json"
        self._start("dask_scheduler", "--port", "0", "--scheduler-file", str(file), has_evo=has_evo)
        until = time.monotonic() + PATIENCE_S
        while not (file.exists() and file.read_text()):
            assert time.monotonic() < until, "the scheduler does not start"
            time.sleep(0.05)
        self.address = str(json.loads(file.read_text())["address"])

    def start_worker(self, *, has_evo: bool = True) -> subprocess.Popen[bytes]:
        """A worker of one thread, which nobody restarts."""
        options = ("--nthreads", "1", "--no-nanny", "--local-directory", str(self.folder))
        return self._start("dask_worker", self.address, *options, has_evo=has_evo)

    def left_over(self) -> list[str]:
        """The folders of runs that workers have not removed."""
        return [path.name for path in self.folder.rglob("evo-*") if (path / "runs").exists()]

    def _start(self, program: str, *options: str, has_evo: bool) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{program}", *options, *_LOCAL],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": str(ROOT if has_evo else self.folder / "without")},
        )
        self.processes.append(process)
        return process


@contextmanager
def running_cluster(folder: Path, *, has_evo: bool = True) -> Iterator[Cluster]:
    """A cluster without workers; all of it is killed at the end. `has_evo`: whether its scheduler has evo."""
    cluster = Cluster(folder, has_evo=has_evo)
    try:
        yield cluster
    finally:
        for process in cluster.processes:
            process.kill()
            process.wait()
