"""Axes: every value has its place, every tick its text, every label its room."""

import math
from itertools import pairwise

from hypothesis import assume, given
from hypothesis import strategies as st

from autograd_cli.display.scales import key_scale, linear_scale, loss_scale, spread, step_scale

positive = st.floats(1e-300, 1e300)


@given(st.lists(positive, min_size=1, max_size=20))
def test_losses_keep_their_order_on_a_log_axis(losses: list[float]) -> None:
    """All of them are on the axis, and a larger one never stands lower."""
    scale = loss_scale(losses)
    places = [scale.place(loss) for loss in sorted(losses)]
    assert places == sorted(places)
    assert scale.low <= places[0] <= places[-1] <= scale.high
    assert scale.is_log


@given(st.lists(positive, min_size=1, max_size=20))
def test_zero_stands_apart_below_all_others(losses: list[float]) -> None:
    """A loss of exactly zero has a line of its own, half a decade and more below the smallest, called 0."""
    scale = loss_scale([*losses, 0.0])
    assert scale.place(0.0) == scale.zero == scale.low
    assert min(scale.place(loss) for loss in losses) >= scale.low + 0.5
    assert scale.ticks(6)[0] == (scale.zero, "0")


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20))
def test_a_negative_loss_makes_the_axis_linear(losses: list[float]) -> None:
    """A logarithm would lose it."""
    assume(min(losses) < 0)
    scale = loss_scale(losses)
    assert not scale.is_log
    assert all(scale.low <= loss <= scale.high for loss in losses)


@given(st.lists(st.floats(1e-300, 1e300), min_size=2, max_size=8, unique=True), st.integers(3, 12))
def test_ticks_stand_on_the_axis_where_their_text_says(losses: list[float], most: int) -> None:
    """Each tick's text, read as a number, has the tick's place; they ascend, and are not too many."""
    scale = loss_scale(losses)
    ticks = scale.ticks(most)
    assert [place for place, _ in ticks] == sorted({place for place, _ in ticks})
    assert len(ticks) <= most + 2
    for place, text in ticks:
        assert scale.low - 1e-6 <= place <= scale.high + 1e-6
        assert math.isclose(math.log10(float(text)), place, abs_tol=1e-3)


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_of_a_linear_axis_are_round(low: float, length: float) -> None:
    """Their steps are 1, 2 or 5 times a power of ten."""
    ticks = [place for place, _ in linear_scale([low, low + length]).ticks(6)]
    assert 1 <= len(ticks) <= 8
    for one, other in pairwise(ticks):
        digit = f"{other - one:.3e}"[0]
        assert digit in "1259"  # 9: 0.9999… of 1


def test_a_key_is_logarithmic_where_its_values_are_far_apart() -> None:
    """Learning rates are; seeds and words are not."""
    assert key_scale([1e-7, 1e-5]).is_log
    assert not key_scale([0.0, 1.0, 2.0]).is_log
    assert not key_scale([1.0, 2.0]).is_log
    assert key_scale([0, 1], ["numpy", "nn"]).ticks(5) == [(0.0, "numpy"), (1.0, "nn")]
    assert step_scale([0, 499]).ticks(6)[-1] == (500, "500")
    assert [text for _, text in step_scale([0, 1]).ticks(6)] == ["0", "1", "2"]


@given(st.lists(st.floats(0, 100), max_size=20), st.floats(0.1, 5))
def test_labels_have_room_and_keep_their_order(wanted: list[float], apart: float) -> None:
    """None is nearer to the next than asked for, none outside, and one alone stays where it is wanted."""
    assume(apart * max(len(wanted) - 1, 0) <= 100)
    places = spread(wanted, apart, 0, 100)
    ordered = [place for _, place in sorted(zip(wanted, places, strict=True))]
    assert all(b - a >= apart - 1e-6 for a, b in pairwise(ordered))
    assert all(-1e-6 <= place <= 100 + 1e-6 for place in places)
    if len(wanted) == 1:
        assert places == wanted
