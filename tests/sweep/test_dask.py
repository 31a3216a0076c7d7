"""Sweeps on a Dask cluster: a scheduler and two workers on this machine's loopback."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.sweeping import completed, end, losses, records, start_sweep, sweep

pytest.importorskip("distributed")

WHAT = ("--task", "sin", "--impl", "tensor,autograd", "seed=0..3", "steps=3000", "N=100")
PATIENCE_S = 60.0


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """The scheduler's address, and two workers that can be killed; their working folder is their own."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    scheduler_file = folder / "scheduler.json"
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    options = [
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--scheduler-file",
        str(scheduler_file),
    ]
    processes = [_start([*dask, *options], folder)]
    try:
        address = _address(scheduler_file)
        worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, "--nthreads", "1"]
        worker += ["--no-nanny", "--no-dashboard", "--host", "127.0.0.1", "--local-directory", str(folder)]
        processes += [_start(worker, folder) for _ in range(2)]
        yield address, processes[1:]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _start(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    quiet = subprocess.DEVNULL
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=folder, stdout=quiet, stderr=quiet, env=environment)


def _address(file: Path) -> str:
    import json

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
    process = start_sweep(tmp_path / "dask", *WHAT, "--engine", "dask", "--scheduler", address)
    try:
        until = time.monotonic() + PATIENCE_S
        while (
            time.monotonic() < until and process.poll() is None and not list((tmp_path / "dask").glob("2*"))
        ):
            time.sleep(0.02)
        workers[0].send_signal(signal.SIGKILL)
        out, _ = process.communicate(timeout=120)
    finally:
        end(process)
    assert process.returncode == 0, out
    assert sorted(completed(tmp_path / "dask").values()) == [1] * 8
    assert not list((tmp_path / "dask").glob(".incoming*"))
    assert {record.environment["pid"] for record in records(tmp_path / "dask")} <= {w.pid for w in workers}
    assert "8 there already" in sweep(
        tmp_path / "dask", *WHAT, "--engine", "dask", "--scheduler", "tcp://127.0.0.1:1"
    )
    sweep(tmp_path / "serial", *WHAT, "--engine", "serial")
    assert losses(tmp_path / "dask") == losses(tmp_path / "serial")


def test_a_scheduler_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    """Exit 2; Dask's own words stay out of it."""
    said = sweep(tmp_path, *WHAT, "--engine", "dask", "--scheduler", "tcp://127.0.0.1:1", code=2)
    assert said.startswith("evo: --scheduler: no Dask scheduler answers at 'tcp://127.0.0.1:1'")
    assert said.count("\n") == 1
