"""The dynamic network in NumPy, every derivative by hand: what `dynamic` is held against."""

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Dynamic:
    """relu(… relu(relu(x w1 + b1) w_middle + b_middle) …) w2 + b2, the middle layer 0 to 3 times."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        self.x = problem.x.astype(config.dtype)
        self.y = problem.y.astype(config.dtype)
        names = ["w1", "w_middle", "w2"] + (["b1", "b_middle", "b2"] if config.bias else [])
        self.parameters = {name: problem.start[name].astype(config.dtype) for name in names}
        self.gradients = {name: np.zeros_like(p) for name, p in self.parameters.items()}
        self.velocity: dict[str, np.ndarray] = {}
        self.depths = problem.choices(4)
        self.lr, self.momentum = config.lr, config.momentum

    def forward(self) -> np.floating:
        """Sum of squared errors, at a depth of 0, 1, 2 or 3 drawn afresh."""
        layers = ["1"] + ["_middle"] * next(self.depths)
        self.steps = []  # name of the layer, its input, its pre-activation
        h_relu = self.x
        for layer in layers:
            h = self._linear(layer, h_relu)
            self.steps.append((layer, h_relu, h))
            h_relu = np.maximum(h, 0)
        self.h_relu = h_relu
        self.y_pred = self._linear("2", h_relu)
        return np.square(self.y_pred - self.y).sum()

    def backward(self, loss: np.floating) -> None:
        """Back through the layers as they ran; a layer that ran twice adds two gradients."""
        self.used = {"1", "2"} | {layer for layer, _, _ in self.steps}
        self.gradients = {name: np.zeros_like(p) for name, p in self.parameters.items()}
        grad = 2.0 * (self.y_pred - self.y)
        grad = self._add_gradients("2", self.h_relu, grad)
        for layer, layer_input, h in reversed(self.steps):
            grad = self._add_gradients(layer, layer_input, grad * (h > 0))

    def update(self) -> None:
        """SGD with momentum: v = momentum v + gradient, p -= lr v, for the layers that ran."""
        for name, gradient in self.gradients.items():
            if name[1:] in self.used:
                v = self.momentum * self.velocity[name] + gradient if name in self.velocity else gradient
                self.velocity[name] = v
                self.parameters[name] -= self.lr * v

    def _linear(self, layer: str, z: np.ndarray) -> np.ndarray:
        return z @ self.parameters["w" + layer] + self.parameters.get("b" + layer, 0.0)

    def _add_gradients(self, layer: str, layer_input: np.ndarray, grad_output: np.ndarray) -> np.ndarray:
        self.gradients["w" + layer] += layer_input.T @ grad_output
        if "b" + layer in self.gradients:
            self.gradients["b" + layer] += grad_output.sum(axis=0)
        return grad_output @ self.parameters["w" + layer].T


REFERENCES = {"dynamic": Dynamic}
