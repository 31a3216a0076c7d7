"""When an explanation holds: the numbers are the predicted ones to rounding, and not by chance."""

from collections.abc import Iterable, Mapping
from math import floor, isclose, isfinite, log10

import numpy as np
from numpy.typing import NDArray

from autograd_cli.contract.arrays import size_of
from autograd_cli.verify.evidence import Arrays, Evidence, Step

Float64 = NDArray[np.float64]

# Relative to the largest entry: a loss or a gradient is a sum of products, whose order programs choose.
_ROUNDING = 1e-9
# Of a step that is computed from the level's own gradients, and of the parameter that it changes.
_ROUNDING_OF_STEPS = 1e-12
_LAST_DIGITS = 4 * float(np.finfo(np.float64).eps)
# What a prediction may leave of the difference that it is to explain.
_LEFT = 1e-4
# With fewer entries a fitted number proves little: it must be one that somebody would have written.
_ENOUGH = 4


def arrays_of(evidence: Evidence, step: Step) -> Arrays:
    """What is compared of a step, by name; a loss has the empty one."""
    if evidence.what == "loss":
        return {"": np.asarray(step.loss, dtype=np.float64)}
    return {"start": step.before, "gradient": step.gradients, "parameter": step.after}[evidence.what]


def sides(evidence: Evidence) -> tuple[Arrays, Arrays]:
    """What is compared, of the level and of the reference, for the names that both have."""
    found = arrays_of(evidence, evidence.level[evidence.step])
    expected = arrays_of(evidence, evidence.reference[evidence.step])
    names = [name for name in expected if name in found]
    return {name: found[name] for name in names}, {name: expected[name] for name in names}


def fits(evidence: Evidence, predicted: Float64, name: str | None = None) -> bool:
    """Whether `predicted` is what was found to rounding, and explains the difference.

    Args:
        evidence: what was found.
        predicted: what a hypothesis makes of the array.
        name: the array's; by default of the one that differs.

    """
    found, expected = (side[evidence.name if name is None else name] for side in sides(evidence))
    if predicted.shape != found.shape or not found.size:
        return False
    left = size_of(found - predicted)
    difference = size_of(found - expected) if found.shape == expected.shape else np.inf
    return left <= _room(evidence, found, name) and left < _LEFT * difference


def explained(evidence: Evidence, predicted: Arrays) -> bool:
    """Whether `predicted` fits the array that differs, and each other one is as predicted or as expected."""
    if evidence.name not in predicted or not fits(evidence, predicted[evidence.name]):
        return False
    found, expected = sides(evidence)
    least = 1e-3 * max(map(size_of, found.values()))
    return all(
        any(
            other.shape == array.shape and size_of(array - other) <= _ROUNDING * max(size_of(array), least)
            for other in (expected[name], predicted.get(name, expected[name]))
        )
        for name, array in found.items()
    )


def ratio(found: Iterable[Float64], expected: Iterable[Float64]) -> float:
    """The factor between two lists of arrays that leaves the least squares; NaN if there is none."""
    one, other = pool(found), pool(expected)
    square = float(other @ other)
    return float(one @ other) / square if one.shape == other.shape and square > 0 else np.nan


def pool(arrays: Iterable[Float64]) -> Float64:
    """All entries of the arrays, in one row."""
    return np.concatenate([np.ravel(array) for array in arrays])


def is_believable(fitted: float, arrays: Iterable[Float64]) -> bool:
    """Whether a number fitted to the arrays' entries is more than one that happens to fit."""
    return bool(np.count_nonzero(pool(arrays)) >= _ENOUGH) or is_round(fitted)


def is_round(number: float) -> bool:
    """Whether a person would have written it: at most three digits that are not zero, to rounding."""
    if not isfinite(number) or number == 0:
        return False
    digits = 2 - floor(log10(abs(number)))
    return isclose(round(number, digits), number, rel_tol=1e-9)


def show(number: float) -> str:
    """A number as it is shown to people: 0.9, 1e-06, 2.718."""
    return f"{number:.4g}"


def told(fitting: Iterable[str]) -> str | None:
    """All that fits: -y gives the loss of -w2, and nothing tells the two apart."""
    words = list(dict.fromkeys(fitting))[:3]
    return f"it is what it would be with {', or '.join(words)}?" if words else None


def same_names(arrays: Arrays, names: Iterable[str]) -> Mapping[str, Float64]:
    """The arrays of these names."""
    return {name: arrays[name] for name in names}


def _room(evidence: Evidence, found: Float64, name: str | None) -> float:
    """How far a right prediction of an array may be off."""
    if evidence.what != "parameter":
        return _ROUNDING * size_of(found)
    before = evidence.level[evidence.step].before[evidence.name if name is None else name]
    return _ROUNDING_OF_STEPS * size_of(found - before) + _LAST_DIGITS * size_of(found)
