"""A constant factor: which one it is, in the sizes of the arrays, and what it may come from."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import combinations
from math import isclose, log, prod

import numpy as np

from autograd_cli.verify.evidence import Evidence
from autograd_cli.verify.hypotheses.fit import explained, fits, is_believable, pool, ratio, show, sides

_MEAN, _SUM = "a mean where a sum belongs", "a sum where a mean belongs"
_LOGARITHMS = {1 / log(2): "a logarithm to the base 2", 1 / log(10): "a logarithm to the base 10"}


def opposite_sign(evidence: Evidence) -> str | None:
    """The negative of what it should be."""
    _, expected = sides(evidence)
    if not explained(evidence, {name: -array for name, array in expected.items()}):
        return None
    minus_one = [name for name, value in _scalars(evidence).items() if value == -1]
    also = "".join(f", or the factor {name} = -1 forgotten" for name in minus_one)
    return f"it is the reference's with the opposite sign: a minus too many or too few{also}?"


def constant_factor(evidence: Evidence) -> str | None:
    """The same factor in every entry of every array, or in every entry of this one."""
    found, expected = sides(evidence)
    for names, alike in ((list(expected), "all arrays alike"), ([evidence.name], "all entries alike")):
        ones, others = ([side[name] for name in names] for side in (found, expected))
        factor = ratio(ones, others)
        present = [name for name in names if expected[name].any()]
        if show(factor) in ("-1", "0", "1") or not all(
            fits(evidence, factor * expected[n], n) for n in present
        ):
            continue
        name, guess = name_of_factor(evidence, factor)
        if guess is None and not is_believable(factor, others):
            continue
        facts = f"it is {name} of the reference's" + (f", {alike}" if pool(others).size > 1 else "")
        return f"{facts}: {guess or 'a constant factor'}?"
    return None


def name_of_factor(evidence: Evidence, factor: float) -> tuple[str, str | None]:
    """A factor in words, such as `1/640 = 1/(N D_out)`, and what it may come from, if that is known."""
    minus = "-" if factor < 0 else ""
    for tier in _tiers(evidence):
        matches = [known for known in tier if isclose(known[0], abs(factor), rel_tol=1e-9)]
        if matches:
            value = matches[0][0]
            number = str(value) if isinstance(value, Fraction) else show(value)
            words = list(dict.fromkeys(words for _, words, _ in matches if words))[:2]
            guesses = list(dict.fromkeys(guess for _, _, guess in matches))[:2]
            told = [number, *([" or ".join(words)] if words else [])]
            sign = ", with the opposite sign" if minus else ""
            return " = ".join(minus + words for words in told), ", or ".join(guesses) + sign
    return show(factor), None


def _tiers(evidence: Evidence) -> Iterator[list[tuple[Fraction | float, str, str]]]:
    """Factors that mistakes leave, the likelier ones first: value, words in sizes, what it may come from."""
    sizes = {name: size for name, size in evidence.config.options.items() if type(size) is int and size > 1}
    # Means and sums are mostly those over the targets.
    targets = {name: size for name, size in sizes.items() if size in evidence.problem.y.shape}
    yield [
        (Fraction(2), "", "a factor 2 too many"),
        (Fraction(1, 2), "", "a factor 2 forgotten"),
        *_means(_products(targets)),
    ]
    yield [
        (Fraction(4), "", "a factor 2 twice too often"),
        (Fraction(1, 4), "", "a factor 2 forgotten twice"),
        *_halves(_products(targets)),
    ]
    products = _products(sizes)
    yield list(_means(products))
    yield list(_halves(products))
    yield [
        (Fraction(m, n), f"{one}/{_bracket(other)}", f"a mean over {other} where one over {one} belongs")
        for one, m in products.items()
        for other, n in products.items()
        if not {*one.split()} & {*other.split()}
    ]
    yield [(value, "", guess) for value, guess in _LOGARITHMS.items()]
    scalars = _scalars(evidence).items()
    yield [
        *((1 / abs(value), f"1/{name}", f"the factor {name} forgotten") for name, value in scalars),
        *((abs(value), name, f"the factor {name} too many") for name, value in scalars),
    ]


def _means(products: Mapping[str, int]) -> Iterator[tuple[Fraction, str, str]]:
    for words, n in products.items():
        yield Fraction(1, n), f"1/{_bracket(words)}", _MEAN
        yield Fraction(n), words, _SUM


def _halves(products: Mapping[str, int]) -> Iterator[tuple[Fraction, str, str]]:
    for words, n in products.items():
        yield Fraction(2, n), f"2/{_bracket(words)}", _MEAN
        yield Fraction(1, 2 * n), f"1/(2 {words})", _MEAN
        yield Fraction(2 * n), f"2 {words}", _SUM
        yield Fraction(n, 2), f"{words}/2", _SUM


def _scalars(evidence: Evidence) -> Mapping[str, float]:
    """Parameters of one number, which can be factors as well."""
    before = evidence.reference[evidence.step].before
    return {name: float(np.ravel(p)[0]) for name, p in before.items() if p.size == 1 and p.any()}


def _products(sizes: Mapping[str, int]) -> Mapping[str, int]:
    """Products of up to three sizes, in words."""
    return {
        " ".join(names): prod(sizes[name] for name in names)
        for length in (1, 2, 3)
        for names in combinations(sizes, length)
    }


def _bracket(words: str) -> str:
    return f"({words})" if " " in words else words
