"""The models of `function` and `dynamic` in NumPy, derived by hand: what the two are held against."""

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Legendre:
    """a + b P₃(c + d x), with P₃(z) = (5z³ - 3z)/2 and P₃'(z) = 3/2 (5z² - 1)."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        scalar = np.dtype(config.dtype).type
        self.x = problem.x.astype(config.dtype)
        self.y = problem.y.astype(config.dtype)
        self.parameters = {name: scalar(problem.start[name]) for name in "abcd"}
        self.gradients: dict[str, np.floating] = {}
        self.lr = config.lr

    def forward(self) -> np.floating:
        """Sum of squared errors."""
        a, b, c, d = self.parameters.values()
        self.z = c + d * self.x
        self.p3 = (5 * self.z**3 - 3 * self.z) / 2
        self.y_pred = a + b * self.p3
        return np.square(self.y_pred - self.y).sum()

    def backward(self, loss: np.floating) -> None:
        """The loss's derivative by y_pred, by z, then by each coefficient."""
        grad_y_pred = 2.0 * (self.y_pred - self.y)
        grad_z = grad_y_pred * self.parameters["b"] * 1.5 * (5 * self.z**2 - 1)
        self.gradients = {
            "a": grad_y_pred.sum(),
            "b": (grad_y_pred * self.p3).sum(),
            "c": grad_z.sum(),
            "d": (grad_z * self.x).sum(),
        }

    def update(self) -> None:
        """Gradient descent."""
        for name, gradient in self.gradients.items():
            self.parameters[name] -= self.lr * gradient


class Dynamic:
    """a + b x + c x² + d x³, then nothing, e x⁴, or e x⁴ + e x⁵."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        scalar = np.dtype(config.dtype).type
        self.x = problem.x.astype(config.dtype)
        self.y = problem.y.astype(config.dtype)
        self.parameters = {name: scalar(problem.start[name]) for name in "abcde"}
        self.gradients: dict[str, np.floating] = {}
        self.velocity: dict[str, np.floating] = {}
        self.extra_terms = problem.choices(3)
        self.lr, self.momentum = config.lr, config.momentum

    def forward(self) -> np.floating:
        """Sum of squared errors, with 0, 1 or 2 extra terms drawn afresh."""
        self.terms = next(self.extra_terms)
        x = self.x
        # What each coefficient multiplies in this pass.
        self.factors = {"a": np.ones_like(x), "b": x, "c": x**2, "d": x**3}
        if self.terms:
            self.factors["e"] = x**4 if self.terms == 1 else x**4 + x**5
        self.y_pred = sum(self.parameters[name] * factor for name, factor in self.factors.items())
        return np.square(self.y_pred - self.y).sum()

    def backward(self, loss: np.floating) -> None:
        """The loss's derivative by y_pred, then by each coefficient; zero for an e that was not used."""
        grad_y_pred = 2.0 * (self.y_pred - self.y)
        zero = self.parameters["e"] * 0
        self.gradients = {"e": zero} | {n: (grad_y_pred * factor).sum() for n, factor in self.factors.items()}

    def update(self) -> None:
        """SGD with momentum: v = momentum v + gradient, p -= lr v, for the coefficients that were used."""
        for name in self.factors:
            gradient = self.gradients[name]
            v = self.momentum * self.velocity[name] + gradient if name in self.velocity else gradient
            self.velocity[name] = v
            self.parameters[name] -= self.lr * v


REFERENCES = {"legendre": Legendre, "dynamic": Dynamic}
