"""Data and start of the softmax task, drawn once in float64 for all of its levels."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import ModelSignature, Problem, Streams

_SHOWN = 10


def make(config: RunConfig) -> Problem:
    """x: D_in ones; y: D_out labels, all 0; w (D_in, D_out) and b (D_out,) start as N(0, 1).

    Outputs that sum to 1 cannot all be 0: the loss is least, ln(D_out / (D_out - 1)), where all are equal.
    """
    D_in, D_out = config.D_in, config.D_out
    streams = Streams.of(config.seed)
    start = {
        "w": streams.start.standard_normal((D_in, D_out)),
        "b": streams.start.standard_normal(D_out),
    }
    return Problem(np.ones(D_in), np.zeros(D_out), start, streams.control)


def general(config: RunConfig) -> Problem:
    """`make` with data that hide nothing, for verify: x N(0, 1), labels of both kinds."""
    streams = Streams.of(config.seed)
    labels = streams.data.permutation(np.arange(config.D_out) % 2).astype(np.float64)
    return replace(make(config), x=streams.data.standard_normal(config.D_in), y=labels)


def describe(model: str, parameters: Mapping[str, Any]) -> str | None:
    """The outputs for the training input with four significant digits, or None where they are too many."""
    if parameters["b"].size > _SHOWN:
        return None
    (outputs,) = predict(model, parameters, np.ones_like(parameters["w"][:, 0])[np.newaxis], 0)
    return "outputs = " + ", ".join(f"{output:.4g}" for output in outputs)


def signature(model: str, config: RunConfig) -> ModelSignature:  # noqa: ARG001 - the protocol's signature
    """D_in numbers in; weight and bias."""
    D_in, D_out = config.D_in, config.D_out
    return ModelSignature(inputs=D_in, parameters={"w": (D_in, D_out), "b": (D_out,)})


def predict(model: str, parameters: Mapping[str, Any], inputs: Any, depth: int) -> Any:  # noqa: ARG001
    """Outputs (N, D_out) of the softmax, each row summing to 1, for inputs (N, D_in)."""
    z = inputs @ parameters["w"] + parameters["b"]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
