"""Arrays of any framework, as NumPy's."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def to_numpy(array: Any) -> NDArray[Any]:
    """`array` on the host, as a NumPy array that shares its memory where it can."""
    return np.asarray(array.detach().cpu() if hasattr(array, "detach") else array)


def snapshot(arrays: Mapping[str, Any]) -> dict[str, NDArray[np.float64]]:
    """Copies of the arrays as float64, by the same names."""
    return {name: np.array(to_numpy(array), dtype=np.float64) for name, array in arrays.items()}


def size_of(array: NDArray[np.float64]) -> float:
    """The largest absolute value of an array; 0 for an empty one."""
    # Two passes and no copy: np.abs() would make an array as large again.
    return max(float(array.max()), -float(array.min())) if array.size else 0.0


def relative_difference(
    value: NDArray[np.float64], reference: NDArray[np.float64], scale: float | None = None
) -> float:
    """The largest absolute difference over `scale`, by default the largest absolute value of `reference`.

    Entry by entry it would mean nothing: an entry near zero is the difference of large ones. Different
    shapes and NaN count as infinitely different; with a scale of zero the difference is absolute.
    """
    if value.shape != reference.shape:
        return float("inf")
    difference = size_of(value - reference)
    if np.isnan(difference):
        return float("inf")
    scale = size_of(reference) if scale is None else scale
    return difference / scale if scale > 0 else difference
