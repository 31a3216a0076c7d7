"""`evo train` that is stopped: by a signal that it hears, or by one that it does not."""

import json
import signal
import time
from pathlib import Path

import pytest

from autograd_cli.runs.reader import read_run
from tests.helpers import evo, loss_column
from tests.processes import PATIENCE_S, started

ENDLESS = ("train", "--task", "sin", "--impl", "numpy", "steps=1000000000", "--name", "r")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
def test_interruption(tmp_path: Path, number: signal.Signals, code: int) -> None:
    """Ctrl-C and SIGTERM end a run between two steps, leave it readable, and have their own exit codes."""
    with started(*ENDLESS, cwd=tmp_path) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.readline()
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (code, "")
    assert out.endswith("runs/r\n")
    assert "interrupted; " in out
    run = tmp_path / "runs" / "r"
    record = read_run(run)
    assert record.status == "interrupted"
    assert record.steps == len(loss_column(run)) > 100
    assert (run / "losses.csv").read_bytes().endswith(b"\n")
    assert (run / "weights.npz").exists()


def wait_for_rows(losses: Path, more_than: int = 0) -> int:
    """Wait until losses.csv holds more whole lines, and return how many."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        lines = losses.read_bytes().count(b"\n") - 1 if losses.exists() else 0
        if lines > more_than:
            return lines
        time.sleep(0.01)
    raise AssertionError(f"{losses} does not grow")


def test_a_killed_writer_reads_as_interrupted(tmp_path: Path) -> None:
    """A run reads as running while its writer lives, keeps growing, and is interrupted once it is killed."""
    run = tmp_path / "runs" / "r"
    with started(*ENDLESS, "--quiet", cwd=tmp_path) as process:
        seen = wait_for_rows(run / "losses.csv")
        alive = read_run(run)
        assert alive.status == "running"
        assert alive.steps >= seen
        seen = wait_for_rows(run / "losses.csv", more_than=alive.steps)
        process.kill()
        process.wait(timeout=PATIENCE_S)
    dead = read_run(run)
    assert dead.status == "interrupted"
    assert dead.steps >= seen
    assert dead.best_loss is not None
    shown = json.loads(evo("compare", run, "--format", "json", cwd=tmp_path).stdout)
    assert [(row["status"], row["steps_done"]) for row in shown] == [("interrupted", dead.steps)]
