"""Data and start of the sin task, drawn once in float64 for all of its levels."""

from collections.abc import Mapping
from math import pi, sqrt
from typing import Any

import numpy as np

from autograd_cli.config import RunConfig
from autograd_cli.problem import Problem, Streams

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
    x = np.linspace(-pi, pi, config.options["N"])
    if config.options["start"] == "normal":
        drawn = streams.start.standard_normal(5)
    else:
        drawn = streams.start.uniform(-1 / sqrt(3), 1 / sqrt(3), 5)
    given = [config.options[name] for name in "abcde"]
    start = {
        name: np.array(drawn[i] if value is None else value, dtype=np.float64)
        for i, (name, value) in enumerate(zip("abcde", given, strict=True))
    }
    return Problem(x, np.sin(x), start, streams.control)


def describe(model: str, parameters: Mapping[str, Any]) -> str:
    """The fitted formula, with four significant digits."""
    return (
        _FORMULAS[model]
        .format(**{name: f"{float(p):.4g}" for name, p in parameters.items()})
        .replace("+ -", "- ")
    )
