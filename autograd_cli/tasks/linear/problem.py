"""Data and start of the linear task, drawn once in float64 for all of its levels."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import ModelSignature, Problem, Streams


def make(config: RunConfig) -> Problem:
    """x: 0, 1, …, N-1 as a column (N, 1); y = 2x + 1; a start for w (1, 1) and b (1,).

    `start: uniform` draws U(-1, 1), which is what torch.nn.Linear(1, 1) does; `start: normal` draws N(0, 1).
    """
    streams = Streams.of(config.seed)
    x = np.arange(config.N, dtype=np.float64).reshape(-1, 1)
    if config.start == "normal":
        w, b = streams.start.standard_normal(2)
    else:
        w, b = streams.start.uniform(-1, 1, 2)
    return Problem(x, 2 * x + 1, {"w": np.array([[w]]), "b": np.array([b])}, streams.control)


def general(config: RunConfig) -> Problem:
    """`make` with data that hide nothing, for verify: x at random, y on no line."""
    streams = Streams.of(config.seed)
    x = streams.data.uniform(0, config.N, (config.N, 1))
    return replace(make(config), x=x, y=config.N * streams.data.standard_normal((config.N, 1)))


def describe(model: str, parameters: Mapping[str, Any]) -> str:  # noqa: ARG001 - the protocol's signature
    """The fitted formula, with four significant digits."""
    w, b = parameters["w"].item(), parameters["b"].item()
    return f"y = {w:.4g} x + {b:.4g}".replace("+ -", "- ")


def signature(model: str, config: RunConfig) -> ModelSignature:  # noqa: ARG001 - the protocol's signature
    """One number in; the layer's weight and bias."""
    return ModelSignature(inputs=1, parameters={"w": (1, 1), "b": (1,)})


def predict(model: str, parameters: Mapping[str, Any], inputs: Any, depth: int) -> Any:  # noqa: ARG001
    """Predictions (N, 1) for inputs (N, 1)."""
    return inputs @ parameters["w"] + parameters["b"]
