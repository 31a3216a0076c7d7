"""What terminals get: plain lines where the cursor cannot move, and columns that fit."""

import re
from pathlib import Path

import pytest

from tests.helpers import record_run
from tests.processes import on_terminal

SIN = ("train", "--task", "sin", "--impl", "numpy")
CONTROL_SEQUENCES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")


def test_a_dumb_terminal_gets_plain_lines(tmp_path: Path) -> None:
    """A terminal that cannot move its cursor gets what a pipe gets."""
    output, code = on_terminal(*SIN, "steps=200", cwd=tmp_path, TERM="dumb")
    assert code == 0
    assert "\x1b" not in output
    assert [line.split()[0] for line in output.splitlines()[:3]] == ["step", "0", "99"]


@pytest.fixture
def runs(tmp_path: Path) -> list[str]:
    """Two runs that differ in four keys."""
    record_run(tmp_path, "first", [9.0, 0.12346], lr=1e-6)
    record_run(tmp_path, "second", [8.0, 1.0], impl="nn", lr=2e-6)
    return ["first", "second"]


@pytest.mark.parametrize("columns", [60, 160])
def test_a_comparison_fits_a_terminal(tmp_path: Path, runs: list[str], columns: int) -> None:
    """What is constant stands above, no number is cut, and a narrow terminal is told what it lacks."""
    output, code = on_terminal("compare", *runs, cwd=tmp_path, COLUMNS=str(columns))
    assert code == 0
    lines = CONTROL_SEQUENCES.sub("", output).splitlines()
    assert max(map(len, lines)) <= columns
    above, _, table = "\n".join(lines).partition("\n\n")
    assert "task=sin" in above
    assert "sin" not in table
    assert "0.12346" in table
    assert "impl" in table.split()
    assert ("no room for" in table) == (columns < 100)
