"""The task's models in NumPy, every derivative by hand and all layers alike: what levels are held against.

The programs take the problem's arrays as they are, and know no rule of update: verify brings both.
"""

from collections.abc import Iterator
from itertools import repeat
from typing import Any

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class TwoLayer:
    """relu(x w1 + b1) w2 + b2 with biases or without; loss = Σ (y_pred - y)².

    Of a layer z = a w + b with a = relu of the layer before, and g = dloss/dz:
    dloss/dw = aᵀ g, dloss/db = Σ g over the examples, dloss/da = g wᵀ, and through the relu g (z > 0).
    """

    names: tuple[str, ...] = ("w1", "b1", "w2", "b2")

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        self.x, self.y = problem.x, problem.y
        names = [name for name in self.names if config.bias or name[0] == "w"]
        self.parameters: dict[str, Any] = {name: problem.start[name] for name in names}
        self.gradients: dict[str, Any] = {}
        self.depths = self.draw_depths(problem)

    def draw_depths(self, problem: Problem) -> Iterator[int]:
        """How often the middle layer runs: never."""
        return repeat(0)

    def forward(self) -> Any:
        """Sum of squared errors, at the depth that comes next."""
        self.depth = next(self.depths)
        self.steps = []  # name of the layer, its input, its output before the relu
        a = self.x
        for layer in ["1"] + ["_middle"] * self.depth:
            z = self.linear(layer, a)
            self.steps.append((layer, a, z))
            a = np.maximum(z, 0)
        self.a, self.y_pred = a, self.linear("2", a)
        return np.square(self.y_pred - self.y).sum()

    def backward(self, loss: Any) -> None:
        """Back through the layers as they ran; a layer that ran twice adds two gradients."""
        self.gradients = {}
        g = 2.0 * (self.y_pred - self.y)
        g = self.through("2", self.a, g)
        for layer, a, z in reversed(self.steps):
            g = self.through(layer, a, g * (z > 0))

    def linear(self, layer: str, a: Any) -> Any:
        """A layer's output; without a bias where the model has none."""
        z = a @ self.parameters["w" + layer]
        return z + self.parameters["b" + layer] if "b" + layer in self.parameters else z

    def through(self, layer: str, a: Any, g: Any) -> Any:
        """Add the layer's gradients, given its input and dloss/dz, and return dloss/da."""
        self.add("w" + layer, a.T @ g)
        if "b" + layer in self.parameters:
            self.add("b" + layer, g.sum(axis=0))
        return g @ self.parameters["w" + layer].T

    def add(self, name: str, gradient: Any) -> None:
        """Sum the gradients of a parameter over its uses."""
        self.gradients[name] = self.gradients[name] + gradient if name in self.gradients else gradient

    def reached(self) -> dict[str, bool]:
        """What the last pass took of the model's branches."""
        paths = [z > 0 for _, _, z in self.steps]
        return {
            "a hidden unit below 0": any(not path.all() for path in paths),
            "a hidden unit above 0": any(path.any() for path in paths),
        }


class Dynamic(TwoLayer):
    """relu(… relu(relu(x w1 + b1) w_middle + b_middle) …) w2 + b2, the middle layer 0 to 3 times.

    At depth 0 the middle layer has no gradient, and rests.
    """

    names = ("w1", "b1", "w_middle", "b_middle", "w2", "b2")

    def draw_depths(self, problem: Problem) -> Iterator[int]:
        """How often the middle layer runs: 0, 1, 2 or 3 times, drawn afresh."""
        return problem.choices(4)

    def reached(self) -> dict[str, bool]:
        """What the last pass took of the model's branches."""
        return super().reached() | {f"depth {depth}": depth == self.depth for depth in range(4)}
