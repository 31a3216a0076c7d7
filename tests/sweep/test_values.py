"""What one key takes in turn, at the edges of what may be written."""

import pytest

from autograd_cli.config.values import RUNS_MAX, expand_values, parse_duration
from autograd_cli.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("5..5", ["5"]),
        ("-5..-3", ["-5", "-4", "-3"]),
        (" 1 , 2..3", ["1", "2", "3"]),
        ("lin:0:1:2", ["0", "1"]),
        ("lin:1:5:5", ["1", "2", "3", "4", "5"]),
        ("lin:0:-10:3", ["0", "-5", "-10"]),
        ("lin:0:10.0:3", ["0", "5.0", "10.0"]),
        ("lin:0.0:10:3", ["0.0", "5.0", "10"]),
        ("lin:0:1.0:3", ["0", "0.5", "1.0"]),
        ("lin:0:1:4", ["0", "0.333333333333", "0.666666666667", "1"]),
        ("log:1:16:3", ["1", "4", "16"]),
        ("log:0.5:8:3", ["0.5", "2.0", "8"]),
        ("linear", ["linear"]),
        ("a:b", ["a:b"]),
    ],
)
def test_what_a_text_stands_for(text: str, values: list[str]) -> None:
    """Ends as they are written, and between whole ends whole numbers where they are."""
    assert expand_values(text, "here") == values


def test_as_many_values_as_a_sweep_may_have() -> None:
    """And not one more, in one range or in several."""
    assert len(expand_values(f"1..{RUNS_MAX}", "here")) == RUNS_MAX
    assert len(expand_values(f"lin:0:1:{RUNS_MAX}", "here")) == RUNS_MAX
    assert len(expand_values(f"2..{RUNS_MAX},1", "here")) == RUNS_MAX
    for text in (f"0..{RUNS_MAX}", f"lin:0:1:{RUNS_MAX + 1}", f"1..{RUNS_MAX},1"):
        with pytest.raises(ConfigError, match="100000"):
            expand_values(text, "here")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"1..{'9' * 5000}", "has an end of too many digits"),
        ("lin:nan:1:3", "both ends must be finite numbers"),
        ("lin:1:inf:3", "both ends must be finite numbers"),
        ("lin:0:1:1", "the count must be from 2 to 100000"),
        ("log:1:0:3", "both ends of a log range must be above 0"),
        ("log:-1:1:3", "both ends of a log range must be above 0"),
        ("lin:0:1:3:4", "is not a range; write lin:FIRST:LAST:COUNT"),
        ("1,", "has an empty value"),
    ],
)
def test_what_stands_for_nothing(text: str, message: str) -> None:
    """Each with its reason, and where the text came from."""
    with pytest.raises(ConfigError, match=f"^here: .*{message}"):
        expand_values(text, "here")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("1.5h", 5400), ("2d", 172800), ("90", 90), (" .5 ", 0.5), ("1.", 1)],
)
def test_times(text: str, seconds: float) -> None:
    """Seconds, minutes, hours and days."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["0", "0s", "-1", "1e3", "", "5 m", "x", "1h30m", "9" * 400])
def test_no_times(text: str) -> None:
    """Nothing that is not above 0, or that has no end."""
    with pytest.raises(ValueError, match=f"^{text[:9]}"):
        parse_duration(text)
