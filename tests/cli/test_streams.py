"""What a pipe gets, and a reader that leaves: the real command line, in processes of its own."""

import re
import shlex
from pathlib import Path

import pytest

from autograd_cli.runs.reader import read_run
from tests.helpers import loss_column
from tests.processes import command, evo_process, run, started

SIN = ("train", "--task", "sin", "--impl", "numpy")
CONTROL_CODES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def test_a_pipe_gets_plain_lines(tmp_path: Path) -> None:
    """On a pipe: a header, a row for step 0 and each 100 steps, the result; no control codes."""
    result = evo_process(*SIN, "--name", "r", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert not CONTROL_CODES.search(result.stdout)
    header, *rows, formula, losses, end, place = result.stdout.splitlines()
    assert header.split() == ["step", "loss", "elapsed_s"]
    assert [int(row.split()[0]) for row in rows] == [0, *range(99, 2000, 100)]
    assert re.fullmatch(r"y = \S+ [+-] \S+ x [+-] \S+ x² [+-] \S+ x³", formula)
    assert re.fullmatch(r"last loss \S+, best \S+ at step 1999", losses)
    assert re.fullmatch(r"completed; 2000 steps in \S+ \S+, \S+ \S+ a step", end)
    assert place == "runs/r"
    recorded = loss_column(tmp_path / "runs" / "r")
    for row in rows:
        step, loss, _ = row.split()
        assert float(loss) == pytest.approx(float(recorded[int(step)]), rel=1e-7)


def test_rows_come_while_it_trains(tmp_path: Path) -> None:
    """A reader of the pipe sees rows of a run that is far from its end."""
    with started(*SIN, "steps=1000000000", cwd=tmp_path) as process:
        assert process.stdout is not None
        first = [process.stdout.readline().split()[0] for _ in range(3)]
        still_runs = process.poll() is None
    assert first == ["step", "0", "99"]
    assert still_runs


def test_a_reader_that_leaves(tmp_path: Path) -> None:
    """`evo train | head -1` leaves no error, and the run goes on to its end."""
    line = shlex.join(command(*SIN, "print_every=1", "--name", "r"))
    result = run(["bash", "-c", f"set -o pipefail; {line} | head -1"], cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.split() == ["step", "loss", "elapsed_s"]
    assert read_run(tmp_path / "runs" / "r").status == "completed"
