"""Sweeps on a Dask cluster: a scheduler and two workers on this machine's loopback."""

import os
import signal
import time
from pathlib import Path

import pytest

from tests.clusters import running_cluster
from tests.helpers import completed, loss_columns, records, sweep
from tests.processes import PATIENCE_S, evo_process, started

pytest.importorskip("distributed")

WHAT = ("--task", "sin", "--impl", "tensor,autograd", "seed=0..3", "steps=3000", "N=100")
NOBODY = ("--engine", "dask", "--scheduler", "tcp://127.0.0.1:1")


@pytest.mark.slow
def test_a_cluster_does_the_same_sweep_and_survives_the_loss_of_a_worker(
    tmp_path: Path,
) -> None:
    """Killed in mid-run, a worker costs no run; the losses are those of serial, bit for bit."""
    runs_dir = tmp_path / "dask"
    with running_cluster(tmp_path / "cluster") as cluster:
        workers = [cluster.start_worker() for _ in range(2)]
        what = (*WHAT, "--scheduler", cluster.address)
        with started("sweep", *what, "--runs-dir", runs_dir, cwd=tmp_path) as process:
            until = time.monotonic() + PATIENCE_S
            while time.monotonic() < until and process.poll() is None and not list(runs_dir.glob("2*")):
                time.sleep(0.01)
            workers[0].send_signal(signal.SIGKILL)
            out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, out + err
    assert sorted(completed(runs_dir).values()) == [1] * 8
    assert not list(runs_dir.glob(".new*"))
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
