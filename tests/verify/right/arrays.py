"""In NumPy, by other mathematics; and without any library."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem
from autograd_cli.tasks.mlp import numpy


class GramMatrix(numpy.Mlp):
    """Mlp by its Gram matrix K = x xᵀ (N, N).

    w1 = start - lr xᵀ S never leaves the span of the inputs, so that S, the sum of the gradients by h, is all
    that is trained of it, and h = x start - lr K S. All of it in the dtype that is asked for.
    """

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.K, self.start = self.x @ self.x.T, self.w1
        self.h = self.x @ self.start
        self.S = np.zeros_like(self.h)

    def forward(self) -> Any:
        self.h_relu = np.maximum(self.h, 0)
        self.y_pred = self.h_relu @ self.w2
        return np.square(self.y_pred - self.y).sum()

    def backward(self, loss: Any) -> None:
        super().backward(loss)
        self.grad_h = (2 * (self.y_pred - self.y) @ self.w2.T) * (self.h > 0)

    def update(self) -> None:
        self.S = self.S + self.grad_h
        self.h = self.h - self.lr * (self.K @ self.grad_h)
        self.w2 = self.w2 - self.lr * self.grad_w2
        self.w1 = self.start - self.lr * (self.x.T @ self.S)


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
