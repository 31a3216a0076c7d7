"""Runs that take too long or for ever, sweeps that may only take so long, and whoever waits for them."""

import os
import signal
import time
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen

import pytest

from tests.helpers import completed, evo, records, sweep, write_level
from tests.processes import PATIENCE_S, started, sweep_process, wait_for_running

SIN = ("--task", "sin", "seed=0..3", "steps=20")
# Level in which the run with seed 1 is slow, or hangs.
SLOW = "if self.config.seed == 1: time.sleep(0.15)"
HANGS = "if self.config.seed == 1: time.sleep(1e6)"
HANGS_AT_STEP = "if self.config.seed == 1 and self.step == 9: time.sleep(1e6)"


def sweeping(runs_dir: Path, level: str, *more: str) -> AbstractContextManager[Popen[str]]:
    """`evo sweep` while it runs."""
    what = ("--task", "sin", "--impl", level, *more)
    return started("sweep", *what, "--runs-dir", runs_dir, cwd=runs_dir.parent)


@pytest.mark.parametrize("engine", ["serial", "processes"])
@pytest.mark.parametrize(
    ("body", "set_up", "steps"),
    [
        pytest.param(SLOW, "", range(2, 19), marks=pytest.mark.slow),
        (HANGS_AT_STEP, "", range(9)),
        pytest.param("", HANGS, (0,), marks=pytest.mark.slow),
    ],
)
def test_a_run_that_takes_too_long_times_out(
    tmp_path: Path, engine: str, body: str, set_up: str, steps: range
) -> None:
    """Slow or hanging, in a step or while it is made: its record says so, the others complete; exit 1."""
    level = write_level(tmp_path / "slow.py", body, set_up=set_up)
    what = (*SIN, "--impl", level, "--timeout", "0.5s", "--engine", engine)
    said = sweep_process(tmp_path / "runs", *what, code=1)
    found = {record.config["seed"]: record for record in records(tmp_path / "runs")}
    assert {seed: run.status for seed, run in found.items()} == {
        0: "completed",
        1: "timed out",
        2: "completed",
        3: "completed",
    }
    assert found[1].steps in steps
    assert str(found[1].reason).startswith("it took longer than 0.5 s")
    assert ["timed", "out", "1"] in [line.split() for line in said.splitlines()]


def test_what_timed_out_stays_until_it_is_asked_for(tmp_path: Path) -> None:
    """As a failed run: the same command leaves it and exits with 1, --retry-failed runs it again."""
    level = write_level(tmp_path / "slow.py", SLOW)
    what = (*SIN, "--impl", level)
    sweep_process(tmp_path / "runs", *what, "--timeout", "0.5", code=1)
    assert "4 there already" in sweep_process(tmp_path / "runs", *what, code=1)
    sweep_process(tmp_path / "runs", *what, "--retry-failed")
    assert sorted(completed(tmp_path / "runs").values()) == [1] * 4


@pytest.mark.parametrize("engine", [pytest.param("serial", marks=pytest.mark.slow), "processes"])
def test_a_sweep_ends_with_its_budget_and_goes_on_later(tmp_path: Path, engine: str) -> None:
    """Exit 1 with how many runs are left; a run that hangs does not keep it."""
    level = write_level(tmp_path / "slow.py", "time.sleep(1e6)")
    what = ("--task", "sin", "seed=0..3", "steps=2", "--impl", level, "--engine", engine)
    said = sweep_process(tmp_path / "runs", *what, "--budget", "1s", code=1)
    assert "the budget is used up: 4 runs are left" in said
    assert {record.status for record in records(tmp_path / "runs")} <= {"interrupted"}
    quick = write_level(tmp_path / "slow.py")
    assert quick == level
    assert "4 new" in sweep_process(tmp_path / "runs", *what)


def test_a_second_ctrl_c_ends_a_run_that_hangs(tmp_path: Path) -> None:
    """After the first one evo says so, and no worker is left after the second."""
    level = write_level(tmp_path / "hangs.py", "time.sleep(1e6)")
    with sweeping(tmp_path / "runs", level) as process:
        pid = wait_for_running(tmp_path / "runs", process).environment["pid"]
        os.killpg(process.pid, signal.SIGINT)
        assert process.stderr is not None
        assert "a second Ctrl-C ends it at once" in process.stderr.readline()
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (130, "")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert [record.status for record in records(tmp_path / "runs")] == ["interrupted"]


def test_a_killed_sweep_takes_a_worker_that_hangs_along(tmp_path: Path) -> None:
    """Its run reads as interrupted, so that the next sweep does not wait for it."""
    level = write_level(tmp_path / "hangs.py", "time.sleep(1e6)")
    with sweeping(tmp_path / "runs", level) as process:
        pid = wait_for_running(tmp_path / "runs", process).environment["pid"]
        assert pid != process.pid
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        until = time.monotonic() + 30
        while _lives(pid) and time.monotonic() < until:
            time.sleep(0.02)
        assert not _lives(pid)
    assert [record.status for record in records(tmp_path / "runs")] == ["interrupted"]


def _lives(pid: int) -> bool:
    """Whether the process computes; one that only waits for somebody to read its exit code does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_sweep_says_what_it_waits_for(tmp_path: Path) -> None:
    """A run that another process is at, with that process's number."""
    level = write_level(tmp_path / "hangs.py", "time.sleep(1e6)")
    with sweeping(tmp_path / "runs", level) as first:
        pid = wait_for_running(tmp_path / "runs", first).environment["pid"]
        with sweeping(tmp_path / "runs", level) as second:
            assert second.stderr is not None
            line = second.stderr.readline()
            second.send_signal(signal.SIGINT)
            second.communicate(timeout=PATIENCE_S)
    assert line.startswith("evo: note: waiting for ")
    assert f"which process {pid} in {tmp_path / 'runs'}" in line
    assert second.returncode == 130


def test_sigterm_to_the_whole_group_is_no_traceback(tmp_path: Path) -> None:
    """A service manager tells every process, and the sweep its workers again: six times in a row."""
    for attempt in range(6):
        runs_dir = tmp_path / str(attempt)
        with sweeping(runs_dir, "numpy", "seed=0..9", "steps=10000000") as process:
            wait_for_running(runs_dir, process)
            os.killpg(process.pid, signal.SIGTERM)
            out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 143
        assert "Traceback" not in out + err
        assert {record.status for record in records(runs_dir)} == {"interrupted"}


def test_fail_fast_does_not_stop_at_an_old_failure(tmp_path: Path) -> None:
    """What failed yesterday is known; it ends no sweep of today."""
    what = ("--task", "sin", "--impl", "numpy", "steps=3", "--fail-fast", "--engine", "serial")
    sweep(tmp_path, *what, "N=1000000000000000", code=1)
    sweep(tmp_path, *what, "N=1000000000000000,20,30", code=1)
    assert sorted(record.status for record in records(tmp_path)) == ["completed"] * 2 + ["failed"]


def test_a_level_that_cannot_be_imported_is_one_line(tmp_path: Path) -> None:
    """On every engine that starts here, before the first run; no directory is left."""
    level = write_level(tmp_path / "broken.py", top="import no_such_module")
    for engine in ("serial", "processes"):
        said = sweep_process(tmp_path / "runs", *SIN, "--impl", level, "--engine", engine, code=2)
        assert said.count("\n") == 1
        assert "No module named 'no_such_module'" in said
    assert records(tmp_path / "runs") == []


def test_a_timed_out_run_is_shown_by_compare(tmp_path: Path) -> None:
    """The status is one that every reader knows."""
    level = write_level(tmp_path / "slow.py", SLOW)
    sweep_process(tmp_path / "runs", *SIN, "--impl", level, "--timeout", "0.4", code=1)
    paths = [record.path for record in records(tmp_path / "runs")]
    assert "timed out" in evo("compare", *paths, cwd=tmp_path).stdout
