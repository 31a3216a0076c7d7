"""What the blocks of some generations say of a step's time, and whether two such times differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Seconds a step: of each generation its blocks, in the order of the rounds.
Generations = Sequence[Sequence[float]]

_RESAMPLES = 1000
_LEVEL = 0.95
LEAST_DIFFERENCE = 0.05


@dataclass(frozen=True)
class Estimate:
    """A quantity that was measured many times.

    Attributes:
        median: of all blocks.
        lower_quartile, upper_quartile: between them lies half of the blocks.
        low, high: the 95 % bootstrap interval of the median.

    """

    median: float
    lower_quartile: float
    upper_quartile: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half of the interval, as a share of the median."""
        return (self.high - self.low) / 2 / self.median if self.median else 0.0


def estimate(generations: Generations, seed: int = 0) -> Estimate:
    """The median of all blocks, and how far it may be off.

    Generations are resampled, then blocks in each: blocks of one process are alike in what that process has
    by accident, such as where its arrays lie, so that many of them are not as good as many processes.
    """
    blocks = np.concatenate([np.asarray(own, float) for own in generations])
    lower, middle, upper = np.quantile(blocks, (0.25, 0.5, 0.75))
    low, high = interval(np.median(_resampled(generations, seed), axis=1))
    return Estimate(float(middle), float(lower), float(upper), float(low), float(high))


def ratio(generations: Generations, others: Generations, seed: int = 0) -> Estimate:
    """How many times as long one takes as the other, from blocks of the same rounds, which drift together."""
    pairs = [
        [a / b for a, b in zip(own, other, strict=False)]
        for own, other in zip(generations, others, strict=True)
    ]
    return estimate(pairs, seed)


def interval(resamples: Floats) -> tuple[float, float]:
    """The range that holds the middle 95 % of them."""
    low, high = np.quantile(resamples, ((1 - _LEVEL) / 2, (1 + _LEVEL) / 2))
    return float(low), float(high)


def _resampled(generations: Generations, seed: int) -> Floats:
    """Blocks drawn anew, a row a resample: as many as there are in so many generations."""
    dice = np.random.default_rng(seed)
    count = len(generations)
    shortest = min(map(len, generations))
    table = np.array([list(own)[:shortest] for own in generations])
    which = dice.integers(count, size=(_RESAMPLES, count, 1))
    blocks = dice.integers(shortest, size=(_RESAMPLES, count, shortest))
    drawn: Any = table[which, blocks]
    return np.asarray(drawn.reshape(_RESAMPLES, -1))


@dataclass(frozen=True)
class Verdict:
    """Whether a step takes another time than it did.

    Attributes:
        word: `better`, `worse` or `no difference`.
        ratio: how many times as long it takes now.
        low, high: the 95 % interval of that.

    """

    word: str
    ratio: float
    low: float
    high: float


def differ(now: Generations, then: Generations, beside: Generations, beside_then: Generations) -> Verdict:
    """Hold a step's time against an earlier one's.

    Args:
        now: blocks of this measurement.
        then: those of the earlier one.
        beside: blocks of what ran beside it in the same rounds and tells how fast the machine was, a loop or
            another level.
        beside_then: the same of the earlier one.

    """
    one, other = _levels(now, beside), _levels(then, beside_then)
    dice = np.random.default_rng(0)
    middle = float(np.median(one) - np.median(other))
    spread = np.sqrt(_variance(one) + _variance(other))
    low, high = middle - 2 * spread, middle + 2 * spread
    least = np.log1p(LEAST_DIFFERENCE)
    word = "no difference"
    if abs(middle) > least and (low > 0 or high < 0):
        word = "worse" if middle > 0 else "better"
    _ = dice
    return Verdict(word, float(np.exp(middle)), float(np.exp(low)), float(np.exp(high)))


def _levels(own: Generations, beside: Generations) -> Floats:
    """The logarithm of each generation's time, over what ran beside it."""
    return np.array(
        [np.log(np.quantile(a, 0.25) / np.quantile(b, 0.25)) for a, b in zip(own, beside, strict=True)]
    )


def _variance(levels: Floats) -> float:
    return float(np.var(levels, ddof=1) / len(levels) * np.pi / 2) if len(levels) > 1 else 0.0
