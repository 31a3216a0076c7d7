"""Sweeps whose workers, or who themselves, come to a violent end."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.sweeping import (
    completed,
    end,
    losses,
    records,
    start_sweep,
    sweep,
    wait_for_running,
    write_level,
)

# Twelve runs of some tenths of a second each.
WHAT = ("--task", "mlp", "--impl", "tensor", "lr=1e-7,1e-6", "seed=0..5", "steps=600")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_worker_costs_time_and_no_run(tmp_path: Path, how: signal.Signals) -> None:
    """Its run goes to another worker; at the end every run is completed once."""
    process = start_sweep(tmp_path, *WHAT, "--engine", "processes", "--workers", "2")
    try:
        wait_for_running(tmp_path, process)
        time.sleep(random.uniform(0, 0.5))
        victim = wait_for_running(tmp_path, process)
        assert victim.environment["pid"] != process.pid
        os.kill(victim.environment["pid"], how)
        out, _ = process.communicate(timeout=120)
    finally:
        end(process)
    assert process.returncode == 0, out
    assert sorted(completed(tmp_path).values()) == [1] * 12
    assert "12 new" in out


@pytest.mark.parametrize("engine", ["serial", "processes", "batched"])
def test_a_killed_sweep_is_completed_by_the_same_command(tmp_path: Path, engine: str) -> None:
    """Killed at a random moment, nothing of it is lost, and nothing is run twice."""
    what = [word.replace("tensor", "batched") if engine == "batched" else word for word in WHAT]
    process = start_sweep(tmp_path, *what, "--engine", engine)
    try:
        wait_for_running(tmp_path, process)
        time.sleep(random.uniform(0, 1))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        sweep(tmp_path, *what, "--engine", engine)
    finally:
        end(process)
    assert sorted(completed(tmp_path).values()) == [1] * 12
    assert {record.status for record in records(tmp_path)} <= {"completed", "interrupted"}


@pytest.mark.parametrize(("how", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_leaves_readable_runs_that_the_same_command_completes(
    tmp_path: Path, how: signal.Signals, code: int
) -> None:
    """The signal reaches the whole group, as a terminal sends it; no worker is left behind."""
    process = start_sweep(tmp_path, *WHAT)
    try:
        pid = wait_for_running(tmp_path, process).environment["pid"]
        os.killpg(process.pid, how)
        out, _ = process.communicate(timeout=60)
    finally:
        end(process)
    assert process.returncode == code, out
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert {record.status for record in records(tmp_path)} <= {"completed", "interrupted"}
    assert len(records(tmp_path)) < 12
    sweep(tmp_path, *WHAT)
    assert sorted(completed(tmp_path).values()) == [1] * 12


@pytest.mark.parametrize("engine", ["serial", "processes"])
@pytest.mark.parametrize(
    ("end_it", "reason"),
    [
        ("os._exit(9)", "its worker died 3 times, at last with exit code 9"),
        ("sys.exit(3)", "deadly.py:11: SystemExit: 3"),
        ("raise KeyboardInterrupt", "deadly.py:11: KeyboardInterrupt"),
    ],
)
def test_a_run_that_ends_its_process_costs_that_run_only(
    tmp_path: Path, engine: str, end_it: str, reason: str
) -> None:
    """It fails with its reason, after three tries where it took the worker along; the others complete."""
    level = write_level(tmp_path / "deadly.py", f"if self.config.seed == 1: {end_it}")
    what = ("--task", "sin", "--impl", level, "steps=5", "seed=0..4", "--engine", engine)
    said = sweep(tmp_path / "runs", *what, code=1)
    found = {record.config["seed"]: record for record in records(tmp_path / "runs")}
    ends = [record.status for record in records(tmp_path / "runs") if record.status != "interrupted"]
    assert sorted(ends) == ["completed"] * 4 + ["failed"]
    assert found[1].status in ("failed", "interrupted")
    assert reason in said
    assert "Traceback" not in said


def test_workers_that_start_afresh_do_the_same(tmp_path: Path) -> None:
    """Where forking is not safe, as on macOS, workers are spawned; the losses are the same."""
    script = "import sys\nfrom autograd_cli.__main__ import main\nif __name__ == '__main__':\n    {}main()\n"
    command = ["sweep", "--task", "sin", "--impl", "numpy", "steps=5", "seed=0..4", "--runs-dir"]
    for name, first in (("fork", ""), ("spawn", "sys.platform = 'darwin'; ")):
        file = tmp_path / f"{name}.py"
        file.write_text(script.format(first))
        subprocess.run(
            [sys.executable, file, *command, str(tmp_path / name)], capture_output=True, check=True
        )
    assert len(losses(tmp_path / "fork")) == 5
    assert losses(tmp_path / "fork") == losses(tmp_path / "spawn")


def test_two_sweeps_share_a_folder_without_collision(tmp_path: Path) -> None:
    """Each run is done by one of them, and both see all runs completed."""
    both = [start_sweep(tmp_path, *WHAT, "--engine", "serial") for _ in range(2)]
    try:
        said = [process.communicate(timeout=120)[0] for process in both]
    finally:
        for process in both:
            end(process)
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted(completed(tmp_path).values()) == [1] * 12
    assert all("completed    12" in out for out in said)


def test_a_sweep_takes_over_from_another_that_is_killed(tmp_path: Path) -> None:
    """It waits for runs that the other is at, and does them itself once the other is gone."""
    first = start_sweep(tmp_path, *WHAT, "--engine", "serial")
    try:
        wait_for_running(tmp_path, first)
        second = start_sweep(tmp_path, *WHAT, "--engine", "serial")
        try:
            time.sleep(random.uniform(1, 2))
            os.kill(first.pid, signal.SIGKILL)
            out, _ = second.communicate(timeout=120)
        finally:
            end(second)
    finally:
        end(first)
    assert second.returncode == 0, out
    assert sorted(completed(tmp_path).values()) == [1] * 12
