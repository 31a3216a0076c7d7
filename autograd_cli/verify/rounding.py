"""Numbers with a bound of their rounding errors, so that float32 is held against what float32 explains.

A reference program that is fed with `Bounded` arrays computes in float64, and beside each number how far a
program of float32 can be from it, whatever the order of its sums. The rules are those of a running error
analysis: with the unit roundoff u = 2⁻²⁴, an operation on a, known to da, and b, known to db, is known to

    a + b    da + db + 2u |a + b|                 a b    da |b| + |a| db + da db + 2u |ab|
    a / b    (da + |a/b| db) / (|b| - db) + 2u |a/b|
    Σ of n   Σda + γₙ Σ|a|                        a @ b  da @ |b| + |a| @ db + da @ db + γₙ₊₁ |a| @ |b|

to first order and rounded up, with γₙ = n u / (1 - n u) and n the inner dimension: Higham (2002), "Accuracy
and stability of numerical algorithms", 2nd ed., sections 3.1, 3.3 and 3.5. 2u in place of u lets a program
take an operation in two, x·x² for x³; so does the 1 of γₙ₊₁. Below the smallest normal number float32 loses
digits, or all: 2⁻¹²⁶ is added to every product.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

UNIT_ROUNDOFF = 2.0**-24
_TWICE = 2 * UNIT_ROUNDOFF
_TINY = 2.0**-126


def gamma(n: int) -> float:
    """γₙ, the relative error of a sum of n numbers, or of n roundings in a row."""
    return n * UNIT_ROUNDOFF / (1 - n * UNIT_ROUNDOFF)


class Bounded(np.lib.mixins.NDArrayOperatorsMixin):
    """float64 numbers, and for each the most that float32 can have strayed from it.

    Attributes:
        value: the numbers.
        error: the bounds, in the same shape; a scalar 0 where they are exact.
        own: what the last sum or product adds to the bounds, were all that it is made of exact.

    """

    def __init__(self, value: Any, error: Any = 0.0, own: Any = 0.0) -> None:
        self.value = np.asarray(value, dtype=np.float64)
        self.error = np.asarray(error, dtype=np.float64)
        self.own = np.asarray(own, dtype=np.float64)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **_keywords: Any) -> Any:
        """Whatever NumPy is asked to do with such numbers."""
        rule = _RULES.get(ufunc)
        if method != "__call__" or rule is None:
            return NotImplemented
        return rule(*(each if isinstance(each, Bounded) else Bounded(each) for each in inputs))

    def sum(self, axis: int | None = None) -> "Bounded":
        """The sum, in any order."""
        n = self.value.size if axis is None else self.value.shape[axis]
        errors = np.broadcast_to(self.error, self.value.shape)
        own = gamma(n) * np.abs(self.value).sum(axis)
        return Bounded(self.value.sum(axis), errors.sum(axis) + own, own)

    def max(self) -> float:
        """The largest number; as a number without a bound, for what does not depend on it."""
        return float(self.value.max())

    @property
    def T(self) -> "Bounded":  # noqa: N802 - NumPy's name
        """Transposed."""
        return Bounded(self.value.T, self.error.T)

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the numbers."""
        return self.value.shape

    def __getitem__(self, index: Any) -> "Bounded":
        """Some of the numbers."""
        error, own = (np.broadcast_to(each, self.value.shape)[index] for each in (self.error, self.own))
        return Bounded(self.value[index], error, own)

    def __bool__(self) -> bool:
        """Whether the number is not zero."""
        return bool(self.value)


def _sum(a: Bounded, b: Bounded) -> Bounded:
    value = a.value + b.value
    own = _TWICE * np.abs(value)
    return Bounded(value, a.error + b.error + own, a.own + b.own + own)


def _negative(a: Bounded) -> Bounded:
    return Bounded(-a.value, a.error, a.own)


def _product(a: Bounded, b: Bounded) -> Bounded:
    value = a.value * b.value
    error = a.error * np.abs(b.value) + np.abs(a.value) * b.error + a.error * b.error
    own = _TWICE * np.abs(value) + _TINY
    return Bounded(value, error + own, own)


def _quotient(a: Bounded, b: Bounded) -> Bounded:
    value, least = a.value / b.value, np.abs(b.value) - b.error
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(least > 0, (a.error + np.abs(value) * b.error) / least, np.inf)
    return Bounded(value, error + _TWICE * np.abs(value) + _TINY)


def _matrix_product(a: Bounded, b: Bounded) -> Bounded:
    size_a, size_b = np.abs(a.value), np.abs(b.value)
    n = len(b.value)
    error = own = gamma(n + 1) * (size_a @ size_b) + n * _TINY
    if a.error.any():  # data are exact, and their products with errors cost as much as the others
        error = error + np.broadcast_to(a.error, size_a.shape) @ (size_b + b.error)
    if b.error.any():
        error = error + size_a @ np.broadcast_to(b.error, size_b.shape)
    return Bounded(a.value @ b.value, error, own)


def _power(a: Bounded, b: Bounded) -> Bounded:
    k = float(b.value)
    value, size = a.value**k, np.abs(a.value)
    return Bounded(value, (size + a.error) ** k - size**k + k * _TWICE * np.abs(value) + (k > 0) * _TINY)


def _larger(a: Bounded, b: Bounded) -> Bounded:
    return Bounded(np.maximum(a.value, b.value), np.maximum(a.error, b.error))


def _is_larger(a: Bounded, b: Bounded) -> Bounded:
    """1 or 0, off by 1 where the bounds leave it open."""
    gap = a.value - b.value
    return Bounded(gap > 0, np.abs(gap) <= a.error + b.error)


def _exponential(a: Bounded) -> Bounded:
    value = np.exp(a.value)
    return Bounded(value, value * (np.expm1(a.error) + 2 * _TWICE) + _TINY)


def _logarithm(a: Bounded) -> Bounded:
    value, least = np.log(a.value), a.value - a.error
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.where(least > 0, a.error / least, np.inf)
    return Bounded(value, error + 2 * _TWICE * np.abs(value))


def _root(a: Bounded) -> Bounded:
    value, least = np.sqrt(a.value), np.maximum(a.value - a.error, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        near = np.where(least > 0, a.error / (2 * np.sqrt(least)), np.inf)
    return Bounded(value, np.minimum(near, np.sqrt(a.value + a.error)) + _TWICE * value)


_RULES: dict[Any, Callable[..., Bounded]] = {
    np.add: _sum,
    np.subtract: lambda a, b: _sum(a, _negative(b)),
    np.negative: _negative,
    np.multiply: _product,
    np.divide: _quotient,
    np.matmul: _matrix_product,
    np.power: _power,
    np.square: lambda a: _product(a, a),
    np.maximum: _larger,
    np.greater: _is_larger,
    np.exp: _exponential,
    np.log: _logarithm,
    np.sqrt: _root,
}
