"""Numbers of fewer digits: rounded at the end, or computed from rounded ones."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_cli.verify.evidence import Evidence
from autograd_cli.verify.hypotheses.fit import Float64
from autograd_cli.verify.hypotheses.rerun import explained_by_rerun

# Of what is computed with 8, 11 or 24 binary digits, how far it may be off.
_LARGEST_ERROR = {"bfloat16": 0.2, "float16": 0.05, "float32": 1e-3}


def to_bfloat16(array: Float64) -> Float64:
    """The nearest number of 8 binary digits, of two equally near ones the even one, in float32's range."""
    bits = np.asarray(array, dtype=np.float32).view(np.uint32)
    half = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return ((bits + half) & np.uint32(0xFFFF0000)).view(np.float32).astype(np.float64)


def _through(dtype: type[np.floating]) -> Callable[[Float64], Float64]:
    return lambda array: np.asarray(array).astype(dtype).astype(np.float64)


CASTS: Mapping[str, Callable[[Float64], Float64]] = {
    "bfloat16": to_bfloat16,
    "float16": _through(np.float16),
    "float32": _through(np.float32),
}


def few_decimals(evidence: Evidence) -> str | None:
    """Rounded for people, or cut to whole numbers."""
    found, expected = evidence.found, evidence.expected
    if not found.any():
        return None
    for decimals in range(9):
        if np.array_equal(found, np.round(expected, decimals)):
            return f"it is the reference's rounded to {decimals} decimals?"
    if np.array_equal(found, np.trunc(expected)):
        return "it is the reference's without its decimals: an integer?"
    return None


def few_digits(evidence: Evidence) -> str | None:
    """Every entry has the digits of a shorter type, and the reference's have not."""
    found, expected = evidence.found, evidence.expected
    if found.shape != expected.shape:
        return None
    error = np.abs(found - expected).max() / np.abs(expected).max()
    for dtype, cast in CASTS.items():
        shorter = np.array_equal(cast(found), found) and not np.array_equal(found, np.round(found))
        if not shorter or error > _LARGEST_ERROR[dtype]:
            continue
        if np.array_equal(cast(expected), found):
            return f"it is the reference's rounded to {dtype}: a cast?"
        return f"it has no more digits than {dtype}: computed in {dtype}?"
    return None


def from_rounded(evidence: Evidence) -> str | None:
    """Computed in full precision from inputs, targets or parameters that are not."""
    x, y = evidence.problem.x, evidence.problem.y
    before = evidence.reference[evidence.step].before
    for dtype, cast in CASTS.items():
        cases: list[tuple[str, dict[str, Any]]] = [
            ("x", {"x": cast(x)}),
            ("y", {"y": cast(y)}),
            ("x and y", {"x": cast(x), "y": cast(y)}),
            *((name, {"parameters": {name: cast(p)}}) for name, p in before.items()),
            ("the parameters", {"parameters": {name: cast(p) for name, p in before.items()}}),
            (
                "x, y and the parameters",
                {"x": cast(x), "y": cast(y), "parameters": {name: cast(p) for name, p in before.items()}},
            ),
        ]
        for words, changes in cases:
            if explained_by_rerun(evidence, **changes):
                return f"it is what it would be with {words} rounded to {dtype}: a cast?"
    return None
