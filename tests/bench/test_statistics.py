"""What blocks say of a time, and of two: by the properties that such statements have to have."""

import numpy as np

from autograd_cli.bench.statistics import Pair, differ, estimate, ratio

GENERATIONS, ROUNDS = 6, 12


def blocks(
    dice: np.random.Generator, mean: float = 1e-4, between: float = 0.01, busy: float = 0.0
) -> list[list[float]]:
    """Of processes that differ a little, on a machine that another process disturbs now and then."""
    found = []
    for _ in range(GENERATIONS):
        disturbed = dice.random(ROUNDS) < busy * dice.random()
        longer = np.abs(dice.normal(0, 0.02, ROUNDS)) + disturbed * np.abs(dice.normal(0.3, 0.3, ROUNDS))
        found.append(list(mean * np.exp(dice.normal(0, between) + longer)))
    return found


def test_the_interval_covers_the_median() -> None:
    """In nearly as many of many measurements as it says, although a few processes tell little of all."""
    dice = np.random.default_rng(0)
    held = 0
    for i in range(100):
        own = [list(np.exp(dice.normal(dice.normal(0, 0.03), 0.05, ROUNDS))) for _ in range(GENERATIONS)]
        found = estimate(own, seed=i)
        assert found.low <= found.median <= found.high
        held += found.low <= 1.0 <= found.high
    assert held >= 85


def test_drift_cancels_in_a_ratio() -> None:
    """Two works of the same rounds are held against each other, however the machine slows down meanwhile."""
    dice = np.random.default_rng(0)
    drift = [np.exp(np.cumsum(dice.normal(0, 0.1, ROUNDS))) for _ in range(GENERATIONS)]
    own, other = ([list(each * factor) for each in drift] for factor in (3e-4, 1e-4))
    found = ratio(own, other)
    assert np.allclose([found.median, found.low, found.high], 3.0)
    assert estimate(own).half_width > 0.1


def test_nothing_is_called_different_when_nothing_changed() -> None:
    """At most one false alarm in twenty calls of 29 levels, with another process coming and going."""
    dice = np.random.default_rng(0)
    alarms = 0
    for _ in range(20):
        loops = blocks(dice, busy=0.5, between=0.0), blocks(dice, busy=0.5, between=0.0)
        pairs = [Pair(blocks(dice, busy=0.5), blocks(dice, busy=0.5), *loops) for _ in range(29)]
        alarms += sum(verdict.word != "no difference" for verdict in differ(pairs))
    assert alarms <= 1


def test_a_tenth_is_found() -> None:
    """In nineteen of twenty calls, in both directions, and the interval holds it in nearly all."""
    dice = np.random.default_rng(0)
    words, held = [], 0
    for _ in range(20):
        loops = blocks(dice, busy=0.5, between=0.0), blocks(dice, busy=0.5, between=0.0)
        slower = Pair(blocks(dice, 1.1e-4, busy=0.5), blocks(dice, busy=0.5), *loops)
        faster = Pair(slower.then, slower.now, *reversed(loops))
        found = differ([slower, faster])
        words += [[verdict.word for verdict in found]]
        held += found[0].low <= 1.1 <= found[0].high
    assert words.count(["worse", "better"]) >= 19
    assert held >= 17


def test_a_small_difference_is_none() -> None:
    """Three percent may be where the arrays of a process lie, however narrow the interval."""
    same = [[1e-4] * ROUNDS] * GENERATIONS
    other = [[1.03e-4] * ROUNDS] * GENERATIONS
    (found,) = differ([Pair(other, same, same, same)])
    assert (found.word, round(found.ratio, 3)) == ("no difference", 1.03)
