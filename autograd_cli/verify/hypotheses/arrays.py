"""The right numbers in the wrong place or shape, cut off, or not there at all."""

from collections.abc import Iterator

import numpy as np

from autograd_cli.contract.arrays import size_of
from autograd_cli.verify.evidence import Evidence
from autograd_cli.verify.hypotheses.fit import Float64, explained, fits, is_round, pool, ratio, show, sides


def all_zero(evidence: Evidence) -> str | None:
    """Nothing but zeros, where there should be something."""
    found, _ = sides(evidence)
    if not fits(evidence, np.zeros_like(evidence.found)):
        return None
    others = [name for name, array in found.items() if array.any()]
    scope = "it is 0" if others or len(found) == 1 else "it is 0, as all are"
    guesses = {
        "loss": "nothing added up?",
        "start": "zeros where values were drawn?",
        "gradient": "detached, or never computed?",
        "parameter": "overwritten?",
    }
    return f"{scope}: {guesses[evidence.what]}"


def transposed(evidence: Evidence) -> str | None:
    """Rows for columns."""
    if evidence.expected.ndim != 2 or not fits(evidence, evidence.expected.T):
        return None
    guess = {
        "start": "kept as (out, in), and not turned back?",
        "gradient": "the factors of its product in the wrong order?",
    }
    return "it is the reference's transposed: " + guess.get(evidence.what, "a .T too many or too few?")


def of_another(evidence: Evidence) -> str | None:
    """What another array should be, such as a gradient with a factor x or a layer's input left out."""
    _, expected = sides(evidence)
    for name, array in expected.items():
        if fits(evidence, array):
            also = ", or a factor left out" if evidence.what == "gradient" else ""
            return f"it is what that of {name} should be: one taken for the other{also}?"
        shape = evidence.found.shape
        if array.shape == shape[1:] and fits(evidence, np.broadcast_to(array, shape)):
            return f"each row of it is what {name} should be: the layer's input left out?"
    return None


def clipped(evidence: Evidence) -> str | None:
    """Cut off at a largest value."""
    _, expected = sides(evidence)
    bound = size_of(evidence.found)
    cut = {name: np.clip(array, -bound, bound) for name, array in expected.items()}
    n = int((cut[evidence.name] != evidence.expected).sum())
    if not (n > 1 or is_round(bound)) or not explained(evidence, cut):
        return None
    return f"no entry is beyond {show(bound)}, and {n} of the reference's are: clipped by value?"


def clipped_by_norm(evidence: Evidence) -> str | None:
    """Shortened to a given length, all arrays together or each by itself."""
    found, expected = sides(evidence)
    for names in ([evidence.name], list(expected)):
        pieces = [found[name] for name in names]
        factor = ratio(pieces, [expected[name] for name in names])
        norm = float(np.linalg.norm(pool(pieces)))
        # One number has no direction.
        if not 0 < factor < 1 or pool(pieces).size < 2:
            continue
        # torch's clip_grad_norm_ divides by the norm and a millionth.
        for length in (norm, norm + 1e-6 * factor):
            if is_round(length) and all(fits(evidence, factor * expected[n], n) for n in names):
                of = "it has" if len(names) == 1 else "all arrays together have"
                return f"{of} the norm {show(length)}, with the reference's direction: clipped by norm?"
    return None


def from_zero_up(evidence: Evidence) -> str | None:
    """The negative part cut off."""
    if not fits(evidence, np.maximum(evidence.expected, 0)):
        return None
    return "it is the reference's with its negative entries 0: clamped where it should not be?"


def rows_alike(evidence: Evidence) -> str | None:
    """A sum or a mean over one axis, spread over all of it."""
    expected = evidence.expected
    for axis in range(expected.ndim):
        for word, reduced in (
            ("mean", expected.mean(axis, keepdims=True)),
            ("sum", expected.sum(axis, keepdims=True)),
        ):
            if fits(evidence, np.broadcast_to(reduced, expected.shape)):
                return f"its entries along axis {axis} are all the {word} of the reference's: a broadcast?"
    return None


def in_another_order(evidence: Evidence) -> str | None:
    """The same numbers elsewhere: rows or columns turned round, shifted or shuffled, or all of them."""
    found, expected = evidence.found, evidence.expected
    if found.shape != expected.shape:
        same = found.size == expected.size and fits(evidence, expected.reshape(found.shape))
        return f"the reference's numbers in the shape {found.shape}: a reshape?" if same else None
    for words, array in _orders(expected):
        if fits(evidence, array):
            return f"it is the reference's with {words}?"
    for axis, word in zip(range(expected.ndim), ("rows", "columns"), strict=False):
        one, other = (np.moveaxis(array, axis, 0) for array in (found, expected))
        if fits(evidence, _matched(one, other, axis)):
            return f"it is the reference's with its {word} in another order: shuffled?"
    if _equal_sorted(evidence):
        return "it has the reference's numbers in another order: shuffled, or reshaped?"
    return None


def _orders(array: Float64) -> Iterator[tuple[str, Float64]]:
    for axis, word in zip(range(array.ndim), ("rows", "columns"), strict=False):
        yield f"its {word} reversed", np.flip(array, axis)
        for shift in (1, -1):
            yield f"its {word} shifted by one", np.roll(array, shift, axis)
    if array.ndim == 2:
        yield "its entries reshaped where a transpose belongs", array.T.reshape(array.shape)
        yield "its entries reshaped where a transpose belongs", array.reshape(array.T.shape).T


def _matched(found: Float64, expected: Float64, axis: int) -> Float64:
    """`expected` with its slices in the order of those of `found` that have the same sum."""
    sums, others = (array.sum(axis=tuple(range(1, array.ndim))) for array in (found, expected))
    order = np.empty(len(sums), dtype=int)
    order[np.argsort(sums)] = np.argsort(others)
    return np.moveaxis(expected[order], 0, axis)


def _equal_sorted(evidence: Evidence) -> bool:
    order = np.argsort(np.ravel(evidence.found))
    placed = np.empty(evidence.found.size)
    placed[order] = np.sort(np.ravel(evidence.expected))
    return fits(evidence, placed.reshape(evidence.found.shape))
