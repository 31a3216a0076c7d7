"""What differences of arrays are measured by."""

from math import inf, nan

import numpy as np
import pytest

from autograd_cli.contract.arrays import relative_difference, size_of


def test_the_size_is_the_largest_entry_whatever_its_sign() -> None:
    """Nothing has size 0, and the sign does not count."""
    assert size_of(np.array([-3.0, 2.0])) == 3
    assert size_of(np.array([-1.0, 2.0])) == 2
    assert size_of(np.array([])) == 0


@pytest.mark.parametrize(
    ("value", "reference", "scale", "expected"),
    [
        ([2.0, 1.0], [4.0, 1.0], None, 0.5),
        ([2.0, 1.0], [4.0, 1.0], 0.5, 4.0),
        ([2.0, 1.0], [4.0, 1.0], 0.0, 2.0),
        ([3.0, 0.0], [0.0, 0.0], None, 3.0),
        ([4.0, nan], [4.0, 1.0], None, inf),
        ([4.0, nan], [4.0, 1.0], 0.0, inf),
        ([4.0], [4.0, 4.0], None, inf),
    ],
)
def test_relative_differences(
    value: list[float], reference: list[float], scale: float | None, expected: float
) -> None:
    """By the reference's size or what is given, absolute where that is 0; NaN and other shapes never fit."""
    assert relative_difference(np.array(value), np.array(reference), scale) == expected
