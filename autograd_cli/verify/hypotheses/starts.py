"""A start of the level's own, in place of the one that all levels share."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import sqrt

import numpy as np

from autograd_cli.catalogue.registry import find_task
from autograd_cli.verify.evidence import Evidence
from autograd_cli.verify.hypotheses.fit import Float64, fits, is_believable, ratio, show
from autograd_cli.verify.hypotheses.rerun import make_of


def scaled(evidence: Evidence) -> str | None:
    """The start times a constant, as initialisations for a size of layer scale it."""
    expected = evidence.expected
    factor = ratio([evidence.found], [expected])
    if not fits(evidence, factor * expected):
        return None
    gains = [words for words, value in _gains(expected.shape).items() if fits(evidence, value * expected)]
    if gains:
        return (
            f"it is {show(factor)} = {' or '.join(gains)} of the shared start: an initialisation of its own?"
        )
    if not is_believable(factor, [expected]):
        return None
    sign = ", with the opposite sign" if factor < 0 else ""
    return f"it is {show(abs(factor))} of the shared start{sign}: scaled?"


def of_other_settings(evidence: Evidence) -> str | None:
    """The start that the task draws for another seed or another setting."""
    config, make, task = evidence.config, make_of(evidence), find_task(evidence.config.task, "verify")
    others = {f"seed={seed}": replace(config, seed=seed) for seed in (0, 1, 42, config.seed + 1)}
    for key in task.keys:
        for choice in key.choices if key.name == "start" else ():
            options = {**config.options, key.name: choice}
            others[f"{key.name}={choice}"] = replace(config, options=options)
    for words, other in others.items():
        if fits(evidence, make(other).start[evidence.name]):
            return f"it is the start of {words}: settings that are not read?"
    return None


def own_draw(evidence: Evidence) -> str | None:
    """What NumPy's or torch's generator gives for the seed, when it is asked for the array itself."""
    shape = evidence.expected.shape
    for seed in dict.fromkeys((evidence.config.seed, 0, 42)):
        for words, draw in _draws(seed, shape):
            array = np.asarray(draw, dtype=np.float64)
            for scale in dict.fromkeys((1.0, 0.01, 0.1, *_gains(shape).values())):
                if fits(evidence, scale * array):
                    return f"it is what {words} draws: a start of its own?"
    return None


def _draws(seed: int, shape: tuple[int, ...]) -> Iterator[tuple[str, Float64]]:
    yield f"default_rng({seed}).standard_normal", np.random.default_rng(seed).standard_normal(shape)
    yield f"default_rng({seed}).uniform(-1, 1)", np.random.default_rng(seed).uniform(-1, 1, shape)
    if seed < 2**32:
        yield f"np.random.seed({seed}), randn", np.random.RandomState(seed).standard_normal(shape)
        yield f"np.random.seed({seed}), rand", np.random.RandomState(seed).uniform(size=shape)


def _gains(shape: tuple[int, ...]) -> Mapping[str, float]:
    """Factors by which well-known initialisations scale N(0, 1), for weights (fan in, fan out)."""
    if len(shape) != 2:
        return {}
    fan_in, fan_out = shape
    return {
        "1/√fan_in": 1 / sqrt(fan_in),
        "√(2/fan_in), Kaiming's": sqrt(2 / fan_in),
        "√(2/(fan_in + fan_out)), Glorot's": sqrt(2 / (fan_in + fan_out)),
        "1/√fan_out": 1 / sqrt(fan_out),
        "√(2/fan_out), Kaiming's of the way back": sqrt(2 / fan_out),
    }
