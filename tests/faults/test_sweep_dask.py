"""Clusters that lack something, hang, die, or are left in mid-sweep."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from autograd_cli.sweep.remote import Refusal, receive
from autograd_cli.version import __version__
from tests.clusters import Cluster, running_cluster
from tests.helpers import completed, records, write_level
from tests.processes import PATIENCE_S, started
from tests.processes import sweep_process as sweep

pytest.importorskip("distributed")

SIN = ("--task", "sin", "steps=5")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster whose scheduler has no evo, as many have not; and one worker without it, too."""
    with running_cluster(tmp_path_factory.mktemp("cluster"), has_evo=False) as running:
        running.start_worker(has_evo=False)
        yield running


def test_a_cluster_without_evo_is_one_line_and_leaves_no_run(tmp_path: Path) -> None:
    """Where no worker is left the runs stay for next time; none of them has failed."""
    with running_cluster(tmp_path / "cluster", has_evo=False) as bare:
        bare.start_worker(has_evo=False)
        said = sweep(tmp_path / "runs", *SIN, "--impl", "numpy", "--scheduler", bare.address, code=1)
    assert said.count("\n") == 1
    assert said.startswith("evo: --scheduler: no worker of the cluster is left; worker tcp://127.0.0.1:")
    assert f"evo {__version__} is not installed there" in said
    assert records(tmp_path / "runs") == []


def test_a_worker_that_lacks_something_gets_no_runs_and_the_level_travels(
    tmp_path: Path, cluster: Cluster
) -> None:
    """All runs are done by the worker that can; two files of one name are not mixed up."""
    from distributed import Client

    cluster.start_worker()
    with Client(cluster.address) as client:  # without the worker that can, nobody would be left
        client.wait_for_workers(2, timeout=PATIENCE_S)
    for name, loss in (("one", 1.0), ("two", 2.0)):
        (tmp_path / name).mkdir()
        level = write_level(tmp_path / name / "my.py", f"return numpy.float64({loss})")
        said = sweep(
            tmp_path / f"runs-{name}",
            *(*SIN, "--impl", level, "seed=0..39", "--scheduler", cluster.address),
        )
        assert said.count("cannot do the runs: evo") == 1
        found = records(tmp_path / f"runs-{name}")
        assert [(run.status, run.last_loss) for run in found] == [("completed", loss)] * 40
    assert cluster.left_over() == []


@pytest.mark.slow
def test_a_run_that_ends_its_worker_costs_three_workers_at_most(tmp_path: Path, cluster: Cluster) -> None:
    """It fails with its reason, and so does one that raises SystemExit; the others complete."""
    workers = [cluster.start_worker() for _ in range(4)]
    level = write_level(
        tmp_path / "deadly.py",
        "os._exit(9) if self.config.seed == 1 else sys.exit(3) if self.config.seed == 2 else None",
    )
    said = sweep(
        tmp_path / "runs",
        *(*SIN, "--impl", level, "seed=0..5", "--scheduler", cluster.address),
        code=1,
    )
    assert "its worker died 3 times" in said
    assert "SystemExit: 3" in said
    assert sorted(run.status for run in records(tmp_path / "runs")) == ["completed"] * 4 + ["failed"] * 2
    assert any(worker.poll() is None for worker in (*workers, *cluster.processes[2:]))


@pytest.mark.slow
def test_ctrl_c_cancels_on_the_cluster_and_the_same_command_goes_on(tmp_path: Path) -> None:
    """What was going on comes back readable, workers are left without folders, and nothing is computed on.

    When the scheduler then dies in mid-sweep, that is one line, and what came back is kept.
    """
    level = write_level(tmp_path / "slow.py", "time.sleep(0.02)")
    what = ("--task", "sin", "--impl", level, "seed=0..7", "steps=100")
    with running_cluster(tmp_path / "cluster") as cluster:
        cluster.start_worker()
        for how, code in ((signal.SIGINT, 130), (signal.SIGKILL, 1)):
            there = ("--runs-dir", tmp_path / "runs", "--scheduler", cluster.address)
            with started("sweep", *what, *there, cwd=tmp_path) as process:
                _wait_for_one_more(tmp_path / "runs")
                if how is signal.SIGINT:
                    os.killpg(process.pid, how)
                else:
                    cluster.processes[0].send_signal(how)
                out, err = process.communicate(timeout=PATIENCE_S)
            assert process.returncode == code, out + err
            assert "Traceback" not in out + err
            if how is signal.SIGINT:
                assert "cancelled on the cluster: 1 runs that had not begun\n" in err
                assert cluster.left_over() == []
    assert err.splitlines()[-1].startswith(f"evo: --scheduler: {cluster.address} has gone; ")
    kept = len(completed(tmp_path / "runs"))
    assert kept >= 2
    assert {run.status for run in records(tmp_path / "runs")} <= {"completed", "interrupted"}
    assert f"{kept} there already" in sweep(tmp_path / "runs", *what)


def _wait_for_one_more(runs_dir: Path) -> None:
    before = sum(completed(runs_dir).values())
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until and sum(completed(runs_dir).values()) == before:
        time.sleep(0.05)


SLOW = pytest.mark.slow


@pytest.fixture(params=[pytest.param("dead", marks=SLOW), pytest.param("silent", marks=SLOW), "http"])
def wrong_address(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where something else than a scheduler is, or nothing."""
    if request.param == "http":
        with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"tcp://127.0.0.1:{server.server_port}"
            server.shutdown()
        return
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "silent":
            listener.listen()
        yield f"tcp://127.0.0.1:{listener.getsockname()[1]}"


def test_an_address_that_is_no_scheduler_is_one_line_soon(tmp_path: Path, wrong_address: str) -> None:
    """Exit 2; without a scheduler's own answer nobody waits for long. Dask's own words stay out of it."""
    start_s = time.monotonic()
    said = sweep(tmp_path / "runs", *SIN, "--impl", "numpy", "--scheduler", wrong_address, code=2)
    assert time.monotonic() - start_s < 30  # 4 s, and a machine that is busy
    assert said.startswith(f"evo: --scheduler: no Dask scheduler answers at '{wrong_address}'")
    assert said.count("\n") == 1


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_waiting_for_a_scheduler_ends_at_a_signal(tmp_path: Path, how: signal.Signals, code: int) -> None:
    """Nothing that is only waited for keeps evo from ending."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        address = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        with started("sweep", *SIN, "--impl", "numpy", "--scheduler", address, cwd=tmp_path) as process:
            connection, _ = listener.accept()
            with connection:
                process.send_signal(how)
                process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code


@pytest.mark.parametrize(("version", "python"), [("0.0.1", None), (__version__, (2, 7))])
def test_an_order_from_other_versions_is_refused(version: str, python: tuple[int, int] | None) -> None:
    """A worker with another evo or another Python computes nothing that only looks the same."""
    import sys

    answer = receive(version, python or sys.version_info[:2], b"never read")
    assert isinstance(answer, Refusal)
    assert "there" in answer.reason
    assert "here" in answer.reason
