"""Data and start of the sin task, drawn once in float64 for all of its levels."""

from collections.abc import Mapping
from dataclasses import replace
from math import pi, sqrt
from typing import Any

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import ModelSignature, Problem, Streams

_FORMULAS = {
    "cubic": "y = {a} + {b} x + {c} x² + {d} x³",
    "legendre": "y = {a} + {b} P₃({c} + {d} x)",
    "dynamic": "y = {a} + {b} x + {c} x² + {d} x³ + {e} x⁴ ? + {e} x⁵ ?",
}


def make(config: RunConfig) -> Problem:
    """x: N points evenly from -π to π, both included; y = sin(x); a scalar start for a, b, c, d and e.

    `start: normal` draws N(0, 1); `start: uniform` draws U(-1/√3, 1/√3), which is what
    torch.nn.Linear(3, 1) does. A letter given as a key is that letter's start, and nothing else moves.
    """
    streams = Streams.of(config.seed)
    x = np.linspace(-pi, pi, config.N)
    if config.start == "normal":
        drawn = streams.start.standard_normal(5)
    else:
        drawn = streams.start.uniform(-1 / sqrt(3), 1 / sqrt(3), 5)
    given = [config.options[name] for name in "abcde"]
    start = {
        name: np.array(drawn[i] if value is None else value, dtype=np.float64)
        for i, (name, value) in enumerate(zip("abcde", given, strict=True))
    }
    return Problem(x, np.sin(x), start, streams.control)


def general(config: RunConfig) -> Problem:
    """`make` with data that hide nothing, for verify: x at random and not symmetric, y N(0, 1)."""
    streams = Streams.of(config.seed)
    x = streams.data.uniform(-pi, pi, config.N)
    return replace(make(config), x=x, y=streams.data.standard_normal(config.N))


def describe(model: str, parameters: Mapping[str, Any]) -> str:
    """The fitted formula, with four significant digits."""
    return (
        _FORMULAS[model]
        .format(**{name: f"{float(p):.4g}" for name, p in parameters.items()})
        .replace("+ -", "- ")
    )


def signature(model: str, config: RunConfig) -> ModelSignature:  # noqa: ARG001 - the protocol's signature
    """One number in; scalar coefficients; `dynamic` adds 0, 1 or 2 terms."""
    names = "abcde" if model == "dynamic" else "abcd"
    return ModelSignature(inputs=1, parameters=dict.fromkeys(names, ()), paths=3 if model == "dynamic" else 1)


def predict(model: str, parameters: Mapping[str, Any], inputs: Any, depth: int) -> Any:
    """Predictions (N, 1) for inputs (N, 1), by the formula of `model` with `depth` extra terms."""
    a, b, c, d = (parameters[name] for name in "abcd")
    if model == "legendre":
        z = c + d * inputs
        return a + b * (0.5 * (5 * z**3 - 3 * z))
    y_pred = a + b * inputs + c * inputs**2 + d * inputs**3
    for power in range(4, 4 + depth):
        y_pred = y_pred + parameters["e"] * inputs**power
    return y_pred
