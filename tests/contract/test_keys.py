"""Configuration keys: the text of a value, and what is no value."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_cli.contract.keys import COMMON_KEYS, Key, show
from tests.helpers import TASKS
from tests.strategies import values_of

KEYS = [*COMMON_KEYS.values(), *(key for task in TASKS.values() for key in task.keys)]
NUMBERS = [key for key in KEYS if key.kind in (int, float)]


@given(st.data())
def test_a_value_reads_back_from_its_text(data: st.DataObject) -> None:
    """What YAML and the command line show of any value of any key is read as that value, of its type."""
    key = data.draw(st.sampled_from(KEYS))
    value = data.draw(values_of(key))
    read = key.parse(show(value))
    assert (repr(read), type(read)) == (repr(value), type(value))


@given(st.data())
def test_nothing_below_the_least_value_is_read(data: st.DataObject) -> None:
    """A number below a key's least value is no value of it, and neither is one at its upper limit."""
    key = data.draw(st.sampled_from([key for key in NUMBERS if key.minimum is not None]))
    minimum, below = key.minimum or 0, key.below
    outside = (
        st.integers(max_value=int(minimum) - 1)
        if key.kind is int
        else st.floats(max_value=minimum, exclude_max=True, allow_infinity=False).filter(
            lambda x: x < minimum
        )
    )
    if below is not None:
        outside = st.one_of(outside, st.integers(min_value=int(below)))
    text = show(data.draw(outside))
    with pytest.raises(ValueError, match=re.escape(text)):
        key.parse(text)


@given(st.data())
def test_a_number_that_is_none_is_no_value(data: st.DataObject) -> None:
    """NaN and the infinities are values of no key, and a fraction is none of a whole number's."""
    key = data.draw(st.sampled_from(NUMBERS))
    texts = [
        "nan",
        "inf",
        "-inf",
        "Infinity",
        *([] if key.kind is float else ["0.5", "1e-3", "1.5e0", "1.0"]),
    ]
    text = data.draw(st.sampled_from(texts))
    with pytest.raises(ValueError, match=text):
        key.parse(text)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.name)
def test_what_is_allowed_names_the_limits(key: Key) -> None:
    """The end of every complaint about a value holds the key's choices, or its limits in all digits."""
    limits = [limit for limit in (key.minimum, key.below) if limit is not None and not key.choices]
    expected = [*key.choices, *(str(int(limit)) if limit == int(limit) else str(limit) for limit in limits)]
    assert all(word in key.allowed for word in expected)
    assert ("null" in key.allowed) == key.optional
