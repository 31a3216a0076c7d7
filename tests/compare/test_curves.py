"""The numbers of a picture: thinned curves, means with bands, crowds, last losses, grids."""

import math
import statistics
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_cli as evo
from autograd_cli.compare.curves import FAINT_MAX, LINES_MAX, Curves, thinned
from autograd_cli.compare.grid import Grid
from tests.helpers import record_run


def curves_of(plot: evo.Plot) -> Curves:
    """What is drawn, which must be curves."""
    assert isinstance(plot.content, Curves)
    return plot.content


@given(st.lists(st.floats(0, 1e9), min_size=2, max_size=400), st.integers(1, 20))
def test_thinning_keeps_every_spike(losses: list[float], most: int) -> None:
    """First, last, smallest and largest loss stay, in their order, and no point is made up."""
    steps = [float(step) for step in range(len(losses))]
    x, y = thinned(steps, losses, most)
    assert len(x) <= max(2 * most + 2, len(losses) if len(losses) <= 2 * most + 2 else 0)
    assert x == sorted(set(x))
    assert [losses[int(step)] for step in x] == y
    assert (x[0], x[-1]) == (0, len(losses) - 1)
    assert (min(y), max(y)) == (min(losses), max(losses))


def test_a_band_is_the_standard_library_s_mean_and_deviation(tmp_path: Path) -> None:
    """At each step: mean and sample deviation of the runs, the band no lower than the smallest of them."""
    losses = {seed: [9.0 + seed, 2.0 * seed + 1, 0.5 * seed * seed + 0.1] for seed in range(4)}
    for seed, own in losses.items():
        record_run(tmp_path, f"r{seed}", own, seed=seed)
    (curve,) = curves_of(evo.plot(f"{tmp_path}/r*", over="seed")).lines
    for i in range(3):
        column = [own[i] for own in losses.values()]
        mean, deviation = statistics.mean(column), statistics.stdev(column)
        assert curve.y[i] == pytest.approx(mean)
        assert curve.high[i] == pytest.approx(mean + deviation)
        assert curve.low[i] == pytest.approx(max(mean - deviation, min(column)))


def test_runs_that_diverged_bend_no_mean_and_are_marked(tmp_path: Path) -> None:
    """Of three seeds one diverges: the mean is that of two, and the label counts the third."""
    for seed, own in enumerate(([4.0, 2.0, 1.0], [6.0, 4.0, 3.0], [5.0, 1e30, math.inf])):
        record_run(tmp_path, f"r{seed}", own, seed=seed)
    record_run(tmp_path, "other", [8.0, 7.0, 6.0], lr=0.5)
    picture = curves_of(evo.plot(f"{tmp_path}/*", over="seed"))
    first = next(curve for curve in picture.lines if curve.note)
    assert first.y == [5.0, 3.0, 2.0]
    assert (first.note, len(first.marks)) == ("1 of 3 ×", 1)


def test_a_curve_that_diverges_ends_where_it_leaves_the_others(tmp_path: Path) -> None:
    """Three hundred decades of it would hide all else: it goes up to the largest loss of the others."""
    record_run(tmp_path, "calm", [100.0, 10.0, 1.0], lr=1e-6)
    record_run(tmp_path, "wild", [50.0, 1e8, 1e200, math.inf], lr=1.0)
    calm, wild = curves_of(evo.plot([tmp_path / "calm", tmp_path / "wild"])).lines
    assert (calm.label, wild.label) == ("1e-06", "1")
    assert wild.y == [50.0, 100.0]
    assert wild.marks == [(1.0, 100.0)]
    assert wild.text == "1 (× step 3)"


@pytest.mark.parametrize("count", [LINES_MAX, FAINT_MAX, FAINT_MAX + 10])
def test_a_crowd_is_summed_up(tmp_path: Path, count: int) -> None:
    """Few runs are lines; more are best, median and worst over thin lines; still more are over bands."""
    for seed in range(count):
        record_run(tmp_path, f"r{seed}", [9.0, float(seed * 7 % count + 1)], seed=seed)
    picture = curves_of(evo.plot(f"{tmp_path}/*"))
    if count <= LINES_MAX:
        assert (len(picture.lines), picture.faint, picture.bands) == (count, [], [])
        return
    assert [curve.label.partition(":")[0] for curve in picture.lines] == ["best", "median", "worst"]
    ends = [curve.y[-1] for curve in picture.lines]
    assert ends == [1, (count - 1) // 2 + 1, count]
    if count <= FAINT_MAX:
        assert (len(picture.faint), picture.bands) == (count - 3, [])
    else:
        everything, half = picture.bands
        assert (everything.low[-1], everything.high[-1]) == (1, count)
        assert 1 < half.low[-1] < half.high[-1] < count


def test_last_losses_against_a_key(tmp_path: Path) -> None:
    """A point a value, the mean over seeds; levels stay apart, and a value where all diverged is marked."""
    for lr, impl, seed in product((1e-3, 1e-2, 1.0), ("numpy", "nn"), range(2)):
        end = math.inf if lr == 1 else 100 * lr + seed + (impl == "nn")
        record_run(tmp_path, f"{lr}{impl}{seed}", [9.0, end], lr=lr, impl=impl, seed=seed)
    picture = curves_of(evo.plot(f"{tmp_path}/*", x="lr", over="seed"))
    assert {curve.label for curve in picture.lines} == {"nn", "numpy"}
    for curve in picture.lines:
        assert curve.x == [1e-3, 1e-2]
        assert curve.y == pytest.approx([0.1 + 0.5 + (curve.label == "nn"), 1 + 0.5 + (curve.label == "nn")])
        assert [x for x, _ in curve.marks] == [1.0]


def test_a_grid_has_a_cell_for_each_pair(tmp_path: Path) -> None:
    """Values stand in order, a cell is the mean of its runs, and the best is where the smallest mean is."""
    for lr, seed, steps in product((1e-2, 1e-3), (1, 0), (2, 3)):
        record_run(
            tmp_path, f"{lr}-{seed}-{steps}", [9.0, lr * 100 + seed + steps], lr=lr, seed=seed, steps=steps
        )
    grid = evo.plot(f"{tmp_path}/*", x="lr", y="seed").content
    assert isinstance(grid, Grid)
    assert (grid.x_values, grid.y_values) == (["0.001", "0.01"], ["0", "1"])
    assert {place: cell.mean for place, cell in grid.cells.items()} == pytest.approx(
        {(i, j): (0.1, 1.0)[i] + j + 2.5 for i, j in product(range(2), range(2))}
    )
    assert grid.best == (0, 0)
    assert grid.caption == "a cell is the mean of up to 2 runs over steps"


def test_equal_runs_are_told_apart_by_name(tmp_path: Path) -> None:
    """Where no key differs, or two runs agree on all of them, the name says which is which."""
    for name in ("first", "second"):
        record_run(tmp_path, name, [2.0, 1.0])
    labels = [curve.label for curve in curves_of(evo.plot(f"{tmp_path}/*")).lines]
    assert labels == ["first", "second"]
    record_run(tmp_path, "third", [2.0, 1.0], lr=0.5)
    labels = [curve.label for curve in curves_of(evo.plot(f"{tmp_path}/*")).lines]
    assert labels == ["1e-06 (first)", "1e-06 (second)", "0.5"]


def test_another_tool_s_file_in_any_order(tmp_path: Path) -> None:
    """Steps that come in no order are drawn in theirs."""
    (tmp_path / "a.csv").write_text("step,loss\n20,1\n0,3\n10,2\n")
    (curve,) = curves_of(evo.plot(tmp_path / "a.csv")).lines
    assert (curve.x, curve.y) == ([0, 10, 20], [3, 2, 1])
