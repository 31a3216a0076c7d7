"""Sweeps on a Dask cluster: a scheduler and two workers on this machine's loopback."""

import signal
import time
from pathlib import Path

import pytest

from tests.clusters import PATIENCE_S, running_cluster
from tests.sweeping import completed, end, losses, records, start_sweep, sweep

pytest.importorskip("distributed")

WHAT = ("--task", "sin", "--impl", "tensor,autograd", "seed=0..3", "steps=3000", "N=100")


def test_a_cluster_does_the_same_sweep_and_survives_the_loss_of_a_worker(
    tmp_path: Path,
) -> None:
    """Killed in mid-run, a worker costs no run; the losses are those of serial, bit for bit."""
    with running_cluster(tmp_path / "cluster") as cluster:
        workers = [cluster.start_worker() for _ in range(2)]
        process = start_sweep(tmp_path / "dask", *WHAT, "--scheduler", cluster.address)
        try:
            until = time.monotonic() + PATIENCE_S
            while time.monotonic() < until and process.poll() is None:
                if list((tmp_path / "dask").glob("2*")):
                    break
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
