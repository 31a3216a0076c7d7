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
# A smaller difference is not told: as much has been seen between two processes of one program, in which code
# and arrays lie in other places.
LEAST_DIFFERENCE = 0.05
_LEAST_ERROR = 0.005
# What a pair's own errors are worth beside those of all pairs together.
_OWN_DEGREES, _COMMON_DEGREES = 2, 10
_OF_A_GAP = 0.8
_RARE = 3.0  # standard deviations


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


@dataclass(frozen=True)
class Pair:
    """A step's blocks now and then, each with those of what ran beside it in the same rounds.

    What ran beside tells how fast the machine was: a loop that nobody changes, or another level.
    """

    now: Generations
    then: Generations
    beside: Generations
    beside_then: Generations


def differ(pairs: Sequence[Pair]) -> list[Verdict]:
    """Hold steps' times against earlier ones.

    A time is that of the least disturbed block: another process can only make a step longer, and when it
    comes and goes a median says when it was there. How far such a time may be off is told by how far the next
    best generation is from it, for each pair and for all together, because one gap alone tells little. A
    difference counts that is larger than `LEAST_DIFFERENCE` and than what noise does once in hundreds of
    times: so many levels are compared in a few dozen calls.
    """
    own = np.array([_variance(pair) for pair in pairs])
    common = max(float(np.mean(own)) if len(own) else 0.0, 2 * _LEAST_ERROR**2)
    variances = (_OWN_DEGREES * own + _COMMON_DEGREES * common) / (_OWN_DEGREES + _COMMON_DEGREES)
    found = []
    for pair, variance in zip(pairs, variances, strict=True):
        now, then = _least(pair.now) / _least(pair.beside), _least(pair.then) / _least(pair.beside_then)
        middle = float(np.log(now / then))
        error = float(np.sqrt(variance))
        threshold = max(float(np.log1p(LEAST_DIFFERENCE)), _RARE * error)
        word = "no difference" if abs(middle) <= threshold else "worse" if middle > 0 else "better"
        found.append(Verdict(word, *map(float, np.exp([middle, middle - 2 * error, middle + 2 * error]))))
    return found


def _variance(pair: Pair) -> float:
    """The square of the error of a pair's difference."""
    return sum(_error(own) ** 2 for own in (pair.now, pair.then, pair.beside, pair.beside_then))


def _error(generations: Generations) -> float:
    """How far the least time may be off, as a share: 0.8 times as far as the next generation's is from it.

    That holds for times that are normally distributed as for those that are only ever made longer.
    """
    least = np.sort(np.log([min(blocks) for blocks in generations]))
    return float(_OF_A_GAP * (least[1] - least[0])) if len(least) > 1 else 0.0


def _least(generations: Generations) -> float:
    return min(min(blocks) for blocks in generations)
