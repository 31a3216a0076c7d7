"""In NumPy, by other mathematics; and without any library."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem
from autograd_cli.tasks.mlp import numpy


class GramMatrix(numpy.Mlp):
    """Mlp by its Gram matrix K = x xᵀ (N, N).

    w1 = start + xᵀ A never leaves the span of the inputs, so that A (N, H) is all that is trained of it. All
    of it is in float64, and shown in the dtype that is asked for.
    """

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, replace(config, dtype="float64"))
        self.K, self.h_start = self.x @ self.x.T, self.x @ self.w1
        self.start, self.A = self.w1, np.zeros_like(self.h_start)
        self.dtype = config.dtype

    def forward(self) -> Any:
        self.h = self.h_start + self.K @ self.A
        self.h_relu = np.maximum(self.h, 0)
        self.y_pred = self.h_relu @ self.w2
        return np.square(self.y_pred - self.y).sum()

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_h = (2 * (self.y_pred - self.y) @ self.w2.T) * (self.h > 0)

    def update(self) -> None:
        self.A = self.A - self.lr * self.grad_h
        self.w2 = self.w2 - self.lr * self.grad_w2
        self.w1 = self.start + self.x.T @ self.A

    parameters = property(lambda self: {n: getattr(self, n).astype(self.dtype) for n in ("w1", "w2")})


class Einsum(numpy.Mlp):
    """Mlp with every product an einsum, and the mask by where()."""

    def forward(self) -> Any:
        self.h = np.einsum("nd,dh->nh", self.x, self.w1)
        self.h_relu = np.where(self.h > 0, self.h, 0)
        self.errors = np.einsum("nh,ho->no", self.h_relu, self.w2) - self.y
        return np.einsum("no,no->", self.errors, self.errors)

    def backward(self, loss: Any) -> None:
        grad = 2 * self.errors
        self.grad_w2 = np.einsum("nh,no->ho", self.h_relu, grad)
        back = np.where(self.h > 0, np.einsum("no,ho->nh", grad, self.w2), 0)
        self.grad_w1 = np.einsum("nd,nh->dh", self.x, back)


class PlainLists:
    """Sin with lists and floats of Python, which are of double precision whatever is asked for."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        self.x, self.y = problem.x.tolist(), problem.y.tolist()
        self.parameters = {name: problem.start[name].item() for name in "abcd"}
        self.gradients = dict.fromkeys("abcd", 0.0)
        self.lr = config.lr

    def forward(self) -> Any:
        a, b, c, d = self.parameters.values()
        self.errors = [a + x * (b + x * (c + x * d)) - y for x, y in zip(self.x, self.y, strict=True)]
        loss = sum(error * error for error in self.errors)
        return SimpleNamespace(item=lambda: loss)  # a number that is read as losses are

    def backward(self, loss: Any) -> None:
        for power, name in enumerate("abcd"):
            terms = (2 * e * x**power for e, x in zip(self.errors, self.x, strict=True))
            self.gradients[name] = sum(terms)

    def update(self) -> None:
        for name, gradient in self.gradients.items():
            self.parameters[name] -= self.lr * gradient
