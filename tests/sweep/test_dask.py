"""Sweeps on a Dask cluster: a scheduler and two workers on this machine's loopback."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import complaint_of, completed, loss_columns, records, sweep
from tests.processes import PATIENCE_S, environment, evo_process, run_python, started

pytest.importorskip("distributed")

WHAT = ("--task", "sin", "--impl", "numpy", "seed=0..7", "steps=6000")
NOBODY = ("--engine", "dask", "--scheduler", "tcp://127.0.0.1:1")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The scheduler's address, and two workers that can be killed; their working folder is their own."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    scheduler_file = folder / "scheduler.json"
    quiet = ("--no-dashboard", "--host", "127.0.0.1")
    processes = [
        _start("dask_scheduler", *quiet, "--port", "0", "--scheduler-file", scheduler_file, cwd=folder)
    ]
    try:
        # The workers wait for the file themselves, and import what they need meanwhile.
        worker = ("--scheduler-file", scheduler_file, "--nthreads", "1", "--no-nanny", *quiet)
        processes += [
            _start("dask_worker", *worker, "--local-directory", folder, cwd=folder) for _ in range(2)
        ]
        yield _address(scheduler_file), processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _start(module: str, *options: object, cwd: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.{module}", *map(str, options)],
        cwd=cwd,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _address(file: Path) -> str:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if file.exists() and file.read_text():
            return str(json.loads(file.read_text())["address"])
        time.sleep(0.05)
    raise AssertionError("the scheduler does not start")


def test_a_cluster_does_the_same_sweep_and_survives_the_loss_of_a_worker(
    tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    """Killed in mid-run, a worker costs no run; the losses are those of serial, bit for bit."""
    address, workers = cluster
    runs_dir = tmp_path / "dask"
    what = (*WHAT, "--engine", "dask", "--scheduler", address)
    with started("sweep", *what, "--runs-dir", runs_dir, cwd=tmp_path) as process:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until and process.poll() is None and not list(runs_dir.glob("2*")):
            time.sleep(0.01)
        workers[0].kill()
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out + err
    assert sorted(completed(runs_dir).values()) == [1] * 8
    assert not list(runs_dir.glob(".incoming*"))
    assert {record.environment["pid"] for record in records(runs_dir)} <= {w.pid for w in workers}
    assert "8 there already" in sweep(runs_dir, *WHAT, *NOBODY)
    sweep(tmp_path / "serial", *WHAT, "--engine", "serial")
    assert loss_columns(runs_dir) == loss_columns(tmp_path / "serial")


def test_without_a_scheduler_there_is_a_cluster_for_this_sweep(tmp_path: Path) -> None:
    """Its workers are on this machine, and gone at the end; the runs are ordinary ones."""
    what = ("--task", "sin", "--impl", "numpy", "seed=0,1", "steps=5", "--engine", "dask", "--workers", "1")
    done = evo_process("sweep", *what, "--runs-dir", "dask", cwd=tmp_path)
    assert done.returncode == 0, done
    assert sorted(completed(tmp_path / "dask").values()) == [1, 1]
    for record in records(tmp_path / "dask"):
        with pytest.raises(ProcessLookupError):
            os.kill(record.environment["pid"], 0)


def test_a_scheduler_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    """Exit 2; Dask's own words stay out of it."""
    impatient = (
        "from autograd_cli.sweep import dask\n"
        "from autograd_cli.__main__ import main\n"
        "dask._CONNECT_S = 1\n"
        "main()\n"
    )
    line = complaint_of(run_python(impatient, "sweep", *WHAT, *NOBODY, cwd=tmp_path), 2)
    assert line.startswith("--scheduler: no Dask scheduler answers at 'tcp://127.0.0.1:1'")
