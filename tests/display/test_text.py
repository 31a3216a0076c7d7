"""Numbers, durations and curves as text."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from autograd_cli.display.text import duration, number, sparkline

BLOCKS = "▁▂▃▄▅▆▇█"
SECONDS = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}

finite = st.floats(allow_nan=False, allow_infinity=False)
losses = st.floats(1e-30, 1e30)


def seconds_of(text: str) -> float:
    """What a duration says, read back."""
    if ":" in text:
        return float(sum(int(part) * 60**i for i, part in enumerate(reversed(text.split(":")))))
    value, unit = text.split()
    return float(value) * SECONDS[unit]


@given(finite)
def test_a_number_reads_back_to_eight_digits(value: float) -> None:
    """What a table shows of a number is that number, but for what lies beyond eight digits."""
    assert math.isclose(float(number(value)), value, rel_tol=5.1e-8, abs_tol=5e-324)
    digits = number(value).lstrip("-").partition("e")[0].replace(".", "").strip("0")
    assert len(digits) <= 8


@given(st.integers(-99_999_999, 99_999_999))
def test_a_whole_number_is_shown_whole(value: int) -> None:
    """A number that has no more than eight digits has all of them, and no exponent."""
    assert number(float(value)) == ("-0" if value == 0 and math.copysign(1, value) < 0 else str(value))


def test_nothing_is_a_dash() -> None:
    """Where there is no number, and no time, a dash stands."""
    assert number(None) == duration(None) == "-"


@given(st.floats(1e-9, 1e7))
def test_a_duration_reads_back(seconds: float) -> None:
    """A duration is right to three digits below a minute, and to a second from there on."""
    tolerance = 0.51 if seconds >= 60 else 0.0051 * seconds
    assert seconds_of(duration(seconds)) == pytest.approx(seconds, abs=tolerance)


@given(st.floats(1e-9, 59.9))
def test_a_duration_has_the_unit_that_suits_it(seconds: float) -> None:
    """Below a minute: one to three digits before the point, in the largest unit that leaves any."""
    value, unit = duration(seconds).split()
    assert 1 <= float(value) < 1000
    assert unit == next(name for name, scale in SECONDS.items() if seconds >= 0.9995 * scale)


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.9999, "1 s"), (0.99999e-3, "1 ms"), (0.9996e-6, "1 µs")]
)
def test_a_duration_that_rounds_up_has_the_next_unit(seconds: float, expected: str) -> None:
    """Just below a unit, three digits make it a whole one."""
    assert duration(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "0 s"),
        (59.4, "59.4 s"),
        (60, "1:00"),
        (3599.4, "59:59"),
        (3599.6, "1:00:00"),
        (90_061, "25:01:01"),
    ],
)
def test_minutes_and_hours_are_a_clock(seconds: float, expected: str) -> None:
    """From a minute on, a duration is read from a clock, where 60 seconds never stand."""
    assert duration(seconds) == expected


@given(st.lists(losses, max_size=60), st.integers(1, 20))
def test_a_sparkline_keeps_the_order_of_the_losses(curve: list[float], width: int) -> None:
    """A block a point, at most `width`: a larger loss never has a lower block, first and last are there."""
    drawn = sparkline(curve, width)
    assert len(drawn) == min(len(curve), width)
    if len(curve) <= width:
        heights = [BLOCKS.index(block) for block in drawn]
        pairs = list(zip(curve, heights, strict=True))
        assert all(a[1] <= b[1] for a in pairs for b in pairs if a[0] <= b[0])


@given(st.lists(losses, min_size=2, max_size=16))
def test_a_sparkline_reaches_from_bottom_to_top(curve: list[float]) -> None:
    """The least loss has the lowest block and the largest the highest, unless all are the same."""
    drawn = sparkline(curve)
    low, high = curve.index(min(curve)), curve.index(max(curve))
    assume(math.log10(curve[high]) > math.log10(curve[low]) or curve[low] == curve[high])
    assert drawn[low] == BLOCKS[0]
    assert drawn[high] == (BLOCKS[-1] if curve[high] > curve[low] else BLOCKS[0])


@given(st.lists(losses, min_size=2, max_size=12), st.lists(st.floats(max_value=0), min_size=1, max_size=4))
def test_losses_without_a_logarithm_are_drawn_lowest(curve: list[float], below: list[float]) -> None:
    """A loss of zero or less has the lowest block, and the others keep theirs."""
    drawn = sparkline([*curve, *below])
    assert drawn == sparkline(curve) + BLOCKS[0] * len(below)


def test_a_curve_is_drawn_on_a_log_scale() -> None:
    """Equal ratios are equal steps."""
    assert sparkline([10.0 ** (7 - k) for k in range(8)]) == BLOCKS[::-1]
