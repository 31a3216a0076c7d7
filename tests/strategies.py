"""Values for properties: what a configuration key may hold."""

from hypothesis import strategies as st

from autograd_cli.contract.keys import Key, Value


def values_of(key: Key) -> st.SearchStrategy[Value]:
    """Every value that a key accepts."""
    values: st.SearchStrategy[Value]
    if key.choices:
        values = st.sampled_from(key.choices)
    elif key.kind is bool:
        values = st.booleans()
    elif key.kind is int:
        low = int(key.minimum) if key.minimum is not None else None
        values = st.integers(low, int(key.below) - 1 if key.below is not None else None)
    else:
        values = st.floats(
            key.minimum, key.below, allow_nan=False, allow_infinity=False, exclude_max=key.below is not None
        )
    return st.one_of(values, st.none()) if key.optional else values
