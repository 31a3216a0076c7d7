"""Sweeps whose workers, or who themselves, come to a violent end."""

import os
import random
import signal
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen

import pytest

from tests.helpers import completed, loss_columns, records, sweep, write_level
from tests.processes import PATIENCE_S, run, started, sweep_process, wait_for_running

# Six runs of some tenths of a second each, which need not wait for torch; and six as one program.
WHAT = ("--task", "sin", "--impl", "numpy", "lr=1e-7,1e-6", "seed=0..2", "steps=8000")
BATCHED = ("--task", "sin", "--impl", "batched", "lr=1e-7,1e-6", "seed=0..2", "steps=30000")
ALL_ONCE = [1] * 6


def sweeping(runs_dir: Path, *what: str) -> AbstractContextManager[Popen[str]]:
    """`evo sweep` while it runs."""
    return started("sweep", *what, "--runs-dir", runs_dir, cwd=runs_dir.parent)


def says(process: Popen[str], code: int = 0) -> str:
    """What a sweep has said by its end, which must come with exit code `code`."""
    out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == code, out + err
    return out + err


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_worker_costs_time_and_no_run(tmp_path: Path, how: signal.Signals) -> None:
    """Its run goes to another worker; at the end every run is completed once."""
    with sweeping(tmp_path, *WHAT, "--engine", "processes", "--workers", "2") as process:
        wait_for_running(tmp_path, process)
        time.sleep(random.uniform(0, 0.3))
        victim = wait_for_running(tmp_path, process)
        assert victim.environment["pid"] != process.pid
        os.kill(victim.environment["pid"], how)
        said = says(process)
    assert sorted(completed(tmp_path).values()) == ALL_ONCE
    assert "6 new" in said


@pytest.mark.parametrize("engine", ["serial", "processes", "batched"])
def test_a_killed_sweep_is_completed_by_the_same_command(tmp_path: Path, engine: str) -> None:
    """Killed at a random moment, nothing of it is lost, and nothing is run twice."""
    what, again = (BATCHED, "batched") if engine == "batched" else (WHAT, "serial")
    with sweeping(tmp_path, *what, "--engine", engine) as process:
        wait_for_running(tmp_path, process)
        time.sleep(random.uniform(0, 0.3))
        process.kill()
        process.wait(timeout=PATIENCE_S)
        # Its workers may still be at it: the same command waits for them.
        sweep(tmp_path, *what, "--engine", again)
    assert sorted(completed(tmp_path).values()) == ALL_ONCE
    assert {record.status for record in records(tmp_path)} <= {"completed", "interrupted"}


@pytest.mark.parametrize(
    ("engine", "how", "code"),
    [("processes", signal.SIGINT, 130), ("processes", signal.SIGTERM, 143), ("batched", signal.SIGINT, 130)],
)
@pytest.mark.slow
def test_ctrl_c_leaves_readable_runs_that_the_same_command_completes(
    tmp_path: Path, engine: str, how: signal.Signals, code: int
) -> None:
    """The signal reaches the whole group, as a terminal sends it; no worker is left behind."""
    what, again = (BATCHED, "batched") if engine == "batched" else (WHAT, "serial")
    with sweeping(tmp_path, *what, "--engine", engine) as process:
        pid = wait_for_running(tmp_path, process).environment["pid"]
        os.killpg(process.pid, how)
        says(process, code)
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert {record.status for record in records(tmp_path)} <= {"completed", "interrupted"}
    assert len(completed(tmp_path)) < len(ALL_ONCE)
    sweep(tmp_path, *what, "--engine", again)
    assert sorted(completed(tmp_path).values()) == ALL_ONCE


def test_sigterm_to_the_group_loses_no_worker(tmp_path: Path) -> None:
    """Where a scheduler sends SIGTERM to every process, workers end their runs without a traceback."""
    with sweeping(tmp_path, *WHAT, "--engine", "processes") as process:
        wait_for_running(tmp_path, process)
        os.killpg(process.pid, signal.SIGTERM)
        said = says(process, 143)
    assert "lost its worker" not in said
    assert "Traceback" not in said


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
    said = sweep_process(tmp_path / "runs", *what, code=1)
    found = {record.config["seed"]: record for record in records(tmp_path / "runs")}
    ends = [record.status for record in records(tmp_path / "runs") if record.status != "interrupted"]
    assert sorted(ends) == ["completed"] * 4 + ["failed"]
    assert found[1].status in ("failed", "interrupted")
    assert reason in said
    assert "Traceback" not in said


def test_workers_that_start_afresh_do_the_same(tmp_path: Path) -> None:
    """Where forking is not safe, as on macOS, workers are spawned; the losses are the same."""
    code = "import sys\nfrom autograd_cli.__main__ import main\nif __name__ == '__main__':\n    {}main()\n"
    what = ("sweep", "--task", "sin", "--impl", "numpy", "steps=5", "seed=0..4", "--engine", "processes")
    for name, first in (("fork", ""), ("spawn", "sys.platform = 'darwin'; ")):
        file = tmp_path / f"{name}.py"
        file.write_text(code.format(first))
        done = run([sys.executable, str(file), *what, "--runs-dir", name], cwd=tmp_path)
        assert done.returncode == 0, done.stderr
    assert len(loss_columns(tmp_path / "fork")) == 5
    assert loss_columns(tmp_path / "fork") == loss_columns(tmp_path / "spawn")


def test_two_sweeps_share_a_folder_without_collision(tmp_path: Path) -> None:
    """Each run is done by one of them, and both see all runs completed."""
    with (
        sweeping(tmp_path, *WHAT, "--engine", "serial") as one,
        sweeping(tmp_path, *WHAT, "--engine", "serial") as other,
    ):
        said = [says(one), says(other)]
    assert sorted(completed(tmp_path).values()) == ALL_ONCE
    assert all("completed     6" in out for out in said)


def test_a_sweep_takes_over_from_another_that_is_killed(tmp_path: Path) -> None:
    """It waits for runs that the other is at, and does them itself once the other is gone."""
    with sweeping(tmp_path, *WHAT, "--engine", "serial") as first:
        wait_for_running(tmp_path, first)
        with sweeping(tmp_path, *WHAT, "--engine", "serial") as second:
            time.sleep(random.uniform(0.1, 0.4))
            first.kill()
            says(second)
    assert sorted(completed(tmp_path).values()) == ALL_ONCE
