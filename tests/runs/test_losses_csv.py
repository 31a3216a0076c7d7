"""losses.csv: what is written reads back, and its summary and sketch are those of the whole curve."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_cli.errors import RunError
from autograd_cli.runs.losses import (
    HEADER,
    SKETCH_POINTS,
    CurveSummary,
    Sketch,
    Summarizer,
    evenly,
    format_rows,
    read_losses,
    summarize,
)
from tests.helpers import record_run

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(st.tuples(finite, finite), max_size=30), st.floats(), st.integers(0, 2**53))
def test_csv_round_trip(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float]], last: float, first_step: int
) -> None:
    """Every loss reads back as the same float64, subnormal or negative zero, infinite or NaN at the end."""
    losses = [loss for loss, _ in rows] + [last]
    elapsed_s = [elapsed for _, elapsed in rows] + [1.5]
    path = tmp_path_factory.getbasetemp() / "round_trip.csv"
    path.write_bytes(HEADER + format_rows(first_step, losses, elapsed_s))
    steps, read, times = zip(*read_losses(path), strict=True)
    assert list(steps) == list(range(first_step, first_step + len(losses)))
    assert np.array(read, float).tobytes() == np.array(losses, float).tobytes() or (
        math.isnan(last) and math.isnan(read[-1]) and list(map(repr, read)) == list(map(repr, losses))
    )
    assert list(map(repr, times)) == list(map(repr, elapsed_s))


_NUMBERS = [
    "0",
    "7",
    "-3",
    "1.5",
    "1e400",
    "-0",
    "-0.0",
    "2.0",
    "1e-330",
    "99999999999999999999",
    "+1.5",
    "01",
]
_OTHERS = ["nan", "inf", "1_0", " 4", "", "[1", "2]", "],[", '"5"', '"', "null", "true", "\n", "\r", "5,\n6"]
_PARTS = st.sampled_from([*_NUMBERS, *_OTHERS])


@given(st.lists(st.lists(_PARTS, min_size=2, max_size=4).map(",".join), max_size=5), st.booleans())
def test_the_fast_reading_is_the_slow_one(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], maybe_torn: bool
) -> None:
    """Rows, or the complaint and its line, are those of a header that only the csv module knows."""
    path = tmp_path_factory.getbasetemp() / "either.csv"
    text = "".join(f"{line}\n" for line in ["0,1.5,0.25", *lines])
    told = []
    for header in ("step,loss,elapsed_s\n", "Step,Loss,Elapsed_s\n"):
        path.write_text(header + text, newline="")
        found: list[str] = []
        try:
            found.extend(map(repr, read_losses(path, maybe_torn=maybe_torn)))
        except RunError as error:
            found.append(str(error))
        told.append(found)
    assert told[0] == told[1]


def test_csv_is_plain(tmp_path: Path) -> None:
    """Header and rows are what Python's own csv module and float() read, one line a step."""
    record_run(tmp_path, "run", [3.5, 1e-300, 5e-324])
    with (tmp_path / "run" / "losses.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["step", "loss", "elapsed_s"]
    assert [(int(row["step"]), float(row["loss"])) for row in rows] == [(0, 3.5), (1, 1e-300), (2, 5e-324)]


@pytest.mark.parametrize("cut", range(1, 12))
def test_torn_last_line(tmp_path: Path, cut: int) -> None:
    """A line that lost its end, wherever it was cut, is left out, and every whole line stays."""
    whole = HEADER + format_rows(0, [10.5, 11.5], [0.1, 0.2])
    last = format_rows(2, [12.5], [0.3])
    path = tmp_path / "losses.csv"
    path.write_bytes(whole + last[: len(last) - cut])
    assert [loss for _, loss, _ in read_losses(path, maybe_torn=True)] == [10.5, 11.5]


@given(st.lists(st.lists(finite, max_size=200), max_size=20))
def test_sketch_is_bounded_and_evenly_spaced(pieces: list[list[float]]) -> None:
    """In whatever pieces a curve arrives, its sketch is short and takes every n-th value from the first."""
    sketch = Sketch()
    for piece in pieces:
        sketch.extend(piece)
    curve = [value for piece in pieces for value in piece]
    assert len(sketch.points) <= 2 * SKETCH_POINTS
    assert len(sketch.points) >= min(len(curve), SKETCH_POINTS)
    stride = 1
    while len(curve[::stride]) > 2 * SKETCH_POINTS:
        stride *= 2
    assert sketch.points == curve[::stride]


@given(st.lists(st.floats(), max_size=60), st.integers(1, 7))
def test_summary_does_not_depend_on_the_pieces(losses: list[float], size: int) -> None:
    """First, best and last loss are those of the whole curve, in whatever pieces it arrives."""
    summarizer = Summarizer()
    for at in range(0, len(losses), size):
        piece = losses[at : at + size]
        summarizer.extend(range(at, at + len(piece)), piece, [float(at)] * len(piece))
    summary = summarizer.summary
    good = [loss for loss in losses if math.isfinite(loss)]
    assert summary.steps == len(losses)
    assert summary.best_loss == (min(good) if good else None)
    assert summary.best_step == (losses.index(min(good)) if good else None)
    assert summary.last_loss == (losses[-1] if losses and math.isfinite(losses[-1]) else None)
    bad = [step for step, loss in enumerate(losses) if not math.isfinite(loss)]
    assert summary.diverged_step == (bad[0] if bad else None)
    rows: Iterator[tuple[int, float, float | None]] = ((i, loss, None) for i, loss in enumerate(losses))
    assert summarize(rows).curve == summarizer.curve


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([1.5, math.nan], b"5,1.5,0.1\n6,nan,0.2\n"),
        ([1.5, math.inf], b"5,1.5,0.1\n6,inf,0.2\n"),
        ([-math.inf], b"5,-inf,0.1\n"),
        ([1.5, 2.5], b"5,1.5,0.1\n6,2.5,0.2\n"),
        ([], b""),
    ],
)
def test_a_diverged_row_has_the_number_of_its_step(losses: list[float], expected: bytes) -> None:
    """Whatever batch it comes in, and whether or not others stand before it."""
    assert format_rows(5, losses, [0.1, 0.2][: len(losses)]) == expected


def test_points_are_spread_from_the_first_to_the_last() -> None:
    """As many as are asked for, or all."""
    assert evenly(range(10), 4) == [0, 3, 6, 9]
    assert evenly(range(5), 9) == [0, 1, 2, 3, 4]
    assert evenly([7.0, 8.0], 2) == [7.0, 8.0]
    assert evenly([7.0, 8.0], 1) == [7.0]
    assert evenly([], 4) == []


def test_a_sketch_in_pieces() -> None:
    """200 values in pieces of 7 leave every eighth of them; 2 n values are kept whole, one more is not."""
    sketch = Sketch()
    for at in range(0, 200, 7):
        sketch.extend(range(at, min(at + 7, 200)))
    assert sketch.points == list(range(0, 200, 8))
    for count, stride in ((2 * SKETCH_POINTS, 1), (2 * SKETCH_POINTS + 1, 2)):
        sketch = Sketch()
        sketch.extend(range(count))
        assert sketch.points == list(range(0, count, stride))


def test_a_summary_of_pieces() -> None:
    """Each number by hand: those of the first piece are not forgotten, and those of the last one count."""
    summarizer = Summarizer()
    summarizer.extend([], [], [])
    assert (summarizer.summary, summarizer.curve) == (CurveSummary(), [])
    summarizer.extend([10, 11, 12], [3.0, 1.0, 1.0], [0.1, 0.3, 0.5])
    summarizer.extend([13, 14, 15], [math.nan, 2.0, math.inf])
    s = summarizer.summary
    assert (s.steps, s.first_loss, s.best_loss, s.best_step) == (6, 3.0, 1.0, 11)
    assert (s.last_loss, s.elapsed_s, s.diverged_step) == (None, 0.5, 13)
    summarizer.extend([16, 17], [-math.inf, 0.5], [0.7, 0.75])
    assert (s.last_loss, s.best_step, s.elapsed_s, s.diverged_step) == (0.5, 17, 0.75, 13)
    assert summarizer.curve == [3.0, 1.0, 1.0, 2.0, 0.5]
    first = Summarizer()
    first.extend([0], [math.inf], [0.1])
    first.extend([1], [1.0], [0.2])
    assert (first.summary.first_loss, first.summary.best_loss, first.summary.diverged_step) == (None, 1.0, 0)


def test_csv_of_other_tools(tmp_path: Path) -> None:
    """Other columns, orders, capitals, empty rows, 3.0 for a step, and times that are none."""
    path = tmp_path / "other.csv"
    path.write_text("Loss , x,Step,elapsed_s\n1.5,a,0,\n\n2.5,b,3.0,inf\n3.5,c,4,0.25\n4.5,d,-5,nan\n")
    assert list(read_losses(path)) == [(0, 1.5, None), (3, 2.5, None), (4, 3.5, 0.25), (-5, 4.5, None)]
    path.write_text("step,loss\n1,2")
    assert list(read_losses(path)) == [(1, 2.0, None)]
    assert list(read_losses(path, maybe_torn=True)) == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no columns 'step' and 'loss' in its first line"),
        ("step,x\n", "no columns 'step' and 'loss' in its first line"),
        ("loss,x\n", "no columns 'step' and 'loss' in its first line"),
        ("step,loss\n0,1\n0.5,1\n", ":3: not a step and a loss: '0.5,1'"),
        ("step,loss\n0\n", ":2: not a step and a loss: '0'"),
        ("step,loss\n0,x\n", ":2: not a step and a loss: '0,x'"),
    ],
)
def test_csv_that_is_no_curve(tmp_path: Path, text: str, message: str) -> None:
    """The line, and what it holds."""
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(RunError) as error:
        list(read_losses(path))
    assert message in str(error.value)
    with pytest.raises(RunError, match=r"none\.csv: cannot read: No such file"):
        list(read_losses(tmp_path / "none.csv"))
