"""The live screens of train and sweep, as a terminal emulator shows them at four widths."""

import re
import shutil
import time
from pathlib import Path

import pytest

from autograd_cli.display.sweep import row_length
from autograd_cli.display.text import at_the_point, cells
from tests.helpers import records
from tests.screens import every_width, narrow_and_wide, terminal

SIN = ("--task", "sin", "--impl", "numpy")
BRAILLE = re.compile("[\u2801-\u28ff]")
BAR = re.compile("━+─")


def rows_of(lines: list[str]) -> list[list[str]]:
    """Step, loss, and elapsed time with its unit, of the table's rows."""
    found = (re.match(r" *(\d+)  +(\S+)  +(\S+ [mµn]?s)\b", line) for line in lines)
    return [list(row.groups()) for row in found if row]


@every_width
def test_a_run_on_a_terminal(tmp_path: Path, columns: int) -> None:
    """Settings, step 0, losses with their points below each other, a bar, and the curve where it has room."""
    steps = ("steps=12000", "print_every=1200")
    with terminal("train", *SIN, *steps, cwd=tmp_path, columns=columns) as screen:
        assert screen.to_end() == 0
    first = next(moment for moment in screen.moments if any(moment))
    assert [line for line in first if line] == ["loading sin / numpy …"]
    during = [moment for moment in screen.moments if any(" left" in line for line in moment)]
    assert during
    for moment in during:
        text = "\n".join(moment)
        assert max(map(cells, moment)) < columns
        assert text.startswith("sin / numpy  seed=0 ")
        assert all(word in text for word in ("lr=1e-06", "dtype=float64", "steps=12000"))
        assert "/12000" in text
        assert bool(BRAILLE.search(text)) == (columns >= 80)
    end = screen.everything
    rows = rows_of(end)
    assert [int(step) for step, _, _ in rows] == [0, *range(1199, 12000, 1200)]
    table = [line for line in end if rows_of([line])]
    assert len({line.index(".") for line in table}) == 1
    assert sum("sin / numpy" in line for line in end) == 1
    assert not any(BAR.search(line) for line in end)


def test_it_says_what_it_loads(tmp_path: Path) -> None:
    """The first words of a torch level come before torch is there, and are gone once it trains."""
    with terminal("train", "--task", "linear", "--impl", "optim", "steps=5", cwd=tmp_path) as screen:
        assert screen.to_end() == 0
    first = next(moment for moment in screen.moments if any(moment))
    assert [line for line in first if line] == ["loading torch for linear / optim …"]
    assert not any("loading" in line for line in screen.everything)


def test_a_mistake_leaves_nothing_of_the_screen(tmp_path: Path) -> None:
    """What cannot start is one line, below no remains of the line that said what is loaded."""
    bad = tmp_path / "bad.py"
    bad.write_text("raise RuntimeError('boom')\n")
    with terminal("train", "--task", "sin", "--impl", f"{bad}:Level", cwd=tmp_path) as screen:
        assert screen.to_end() == 2
    assert not any("loading" in line for line in screen.everything)
    assert "boom" in "".join(screen.everything)


def test_a_narrower_terminal_gets_a_narrower_screen(tmp_path: Path) -> None:
    """After the terminal was made smaller, the title is there once, and everything has room again."""
    steps = ("steps=1000000000", "print_every=100000000")
    with terminal("train", *SIN, *steps, cwd=tmp_path, columns=120, lines=30) as screen:
        screen.wait_for(lambda lines: any(BRAILLE.search(line) for line in lines))
        screen.resize(60, 30)
        lines = screen.wait_for(
            lambda lines: (
                any(BAR.search(line) or "left" in line for line in lines)
                and not any(BRAILLE.search(line) for line in lines)
            )
        )
        assert sum("sin / numpy" in line for line in lines) == 1
        assert max(map(cells, lines)) < 60
        screen.interrupt()
        assert screen.to_end() == 130


@narrow_and_wide
def test_a_sweep_on_a_terminal(tmp_path: Path, columns: int) -> None:
    """A bar, how many diverged, the best so far, a map that fills; no more running than workers."""
    what = (*SIN, "N=20", "lr=1,1e-6,3e-6", "seed=0..3", "steps=60000", "--engine", "serial")
    said = (" diverged", "best ", "★ best", "×")
    with terminal("sweep", *what, cwd=tmp_path, columns=columns) as screen:
        screen.wait_for(lambda lines: all(word in "\n".join(lines) for word in said))
        screen.interrupt()
        assert screen.to_end() == 130
    during = [
        moment for moment in screen.moments if any(re.search("/12 done.* left", line) for line in moment)
    ]
    assert during[0][0].lstrip("─ ").startswith("0/12 done")
    assert max(cells(line) for moment in during for line in moment) < columns
    grids = [sum(bool(re.fullmatch(" *([·▸□■×★] ?){4}", line)) for line in moment) for moment in during]
    assert max(grids) == 3  # the map's rows: a learning rate each
    for moment in during:
        (count,) = [line for line in moment if "/12 done" in line]
        running = re.search(r"(\d+) running", count)
        assert running is None or int(running[1]) <= 1
    end = screen.everything
    places = re.findall(r"sin-numpy-s\d-\w{8}", "".join(end))
    assert len(places) == len(set(places)) >= 5  # four that diverged and the best, each once


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_a_batch_moves_before_it_is_done(tmp_path: Path, workers: int) -> None:
    """While no run of a batch has ended, the bar grows with the steps that all of them take."""
    what = ("--task", "sin", "--impl", "batched", "N=50", "lr=1e-7,1e-6", "seed=0..7", "steps=100000")

    def done(lines: list[str]) -> int:
        return sum(line.count("━") for line in lines if "0/16 done" in line)

    with terminal("sweep", *what, "--workers", workers, cwd=tmp_path) as screen:
        first = done(screen.wait_for(lambda lines: done(lines) > 0))
        screen.wait_for(lambda lines: done(lines) > first)
        screen.interrupt()
        assert screen.to_end() == 130


@pytest.mark.parametrize("engine", ["serial", "processes"])
def test_ctrl_c_says_that_the_same_line_goes_on(tmp_path: Path, engine: str) -> None:
    """What was interrupted is no new run, and the same command line makes it after all."""
    what = ("sweep", *SIN, "seed=0..3", "steps=2000", "N=50", "--engine", engine)
    long = (*what[:3], "--impl", "numpy", "lr=1e-9", "steps=1000000000", "seed=0..3", "--engine", engine)
    with terminal(*long, cwd=tmp_path) as screen:
        screen.wait_for(lambda lines: any("running" in line and " 0 running" not in line for line in lines))
        time.sleep(0.5)  # into the run
        screen.interrupt()
        assert screen.to_end() == 130
    end = " ".join(screen.everything)
    assert "0 new in" in end
    assert "4 runs are left; the same command line goes on with them" in end
    assert all(record.status == "interrupted" for record in records(tmp_path / "runs"))
    shutil.rmtree(tmp_path / "runs")
    with terminal(*what, cwd=tmp_path) as screen:
        assert screen.to_end() == 0
    assert "4 new in" in " ".join(screen.everything)
    assert "are left" not in " ".join(screen.everything)


def test_rows_of_the_map_are_those_of_the_grid() -> None:
    """A row is one value of the key that changes slowest; what is no grid has a single row."""
    grid = [{"lr": lr, "seed": seed} for lr in (1, 2, 3) for seed in range(4)]
    assert row_length(grid) == 4
    assert row_length(grid[:-1]) == 11
    assert row_length([{"seed": seed} for seed in range(5)]) == 5
    assert row_length([{"lr": 1}]) == 1


def test_points_stand_below_each_other() -> None:
    """Whatever the digits, and where there is no point, too."""
    numbers = ["12.5", "3", "0.00123", "1.5e-07", "nan", "100000"]
    padded = at_the_point(numbers)
    assert [text.strip() for text in padded] == numbers
    assert len(set(map(len, padded))) == 1
    assert {text.index(".") for text in padded if "." in text} == {6}
