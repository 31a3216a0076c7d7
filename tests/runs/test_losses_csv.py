"""losses.csv: what is written reads back, and its summary and sketch are those of the whole curve."""

import csv
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_cli.runs.losses import (
    HEADER,
    SKETCH_POINTS,
    Sketch,
    Summarizer,
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
        summarizer.extend(range(at, at + len(piece)), piece, float(at))
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
