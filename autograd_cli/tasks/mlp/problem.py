"""Data and start of the mlp task, drawn once in float64 for all of its levels."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Float64, ModelSignature, Problem, Streams


def make(config: RunConfig) -> Problem:
    """Random inputs x (N, D_in) and targets y (N, D_out), and a start for every parameter.

    The hidden layers' weights are stored so that h = x @ w1 + b1. `start: normal` draws N(0, 1);
    `start: uniform` draws U(-1/√fan_in, 1/√fan_in), which is what torch.nn.Linear does.
    """
    N, D_in, H, D_out = (config.options[name] for name in ("N", "D_in", "H", "D_out"))
    streams = Streams.of(config.seed)
    x = streams.data.standard_normal((N, D_in))
    y = streams.data.standard_normal((N, D_out))

    def draw(fan_in: int, *shape: int) -> Float64:
        if config.start == "normal":
            return streams.start.standard_normal(shape)
        return streams.start.uniform(-1 / sqrt(fan_in), 1 / sqrt(fan_in), shape)

    # In this order for every level, so that a level with biases or a middle layer shares w1 and w2.
    start = {
        "w1": draw(D_in, D_in, H),
        "w2": draw(H, H, D_out),
        "b1": draw(D_in, H),
        "b2": draw(H, D_out),
        "w_middle": draw(H, H, H),
        "b_middle": draw(H, H),
    }
    return Problem(x, y, start, streams.control)


def describe(model: str, parameters: Mapping[str, Any]) -> str | None:  # noqa: ARG001 - the protocol's signature
    """None: a hundred thousand weights make no formula."""
    return None


def signature(model: str, config: RunConfig) -> ModelSignature:
    """D_in numbers in; weights, and biases if any; `dynamic` applies its middle layer 0 to 3 times."""
    D_in, H, D_out = (config.options[name] for name in ("D_in", "H", "D_out"))
    shapes: dict[str, tuple[int, ...]] = {"w1": (D_in, H), "w2": (H, D_out), "b1": (H,), "b2": (D_out,)}
    if model == "dynamic":
        shapes |= {"w_middle": (H, H), "b_middle": (H,)}
    if not config.bias:
        shapes = {name: shape for name, shape in shapes.items() if not name.startswith("b")}
    return ModelSignature(inputs=D_in, parameters=shapes, paths=4 if model == "dynamic" else 1)


def predict(model: str, parameters: Mapping[str, Any], inputs: Any, depth: int) -> Any:  # noqa: ARG001
    """Predictions (N, D_out) for inputs (N, D_in), with the middle layer applied `depth` times."""

    def layer(x: Any, name: str) -> Any:
        y = x @ parameters[f"w{name}"]
        return y + parameters[f"b{name}"] if f"b{name}" in parameters else y

    h_relu = np.maximum(layer(inputs, "1"), 0)
    for _ in range(depth):
        h_relu = np.maximum(layer(h_relu, "_middle"), 0)
    return layer(h_relu, "2")
