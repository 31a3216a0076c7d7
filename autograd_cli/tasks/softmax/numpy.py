"""Level 1, NumPy: arrays, and the chain rule through softmax and cross-entropy written out by hand."""

from functools import partial

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Softmax:
    """outputs p = softmax(z), z = x w + b with x (D_in,), w (D_in, D_out), b (D_out,); labels y (D_out,).

    With s = log Σₖ exp(zₖ), and sᵢ the same sum without its term i, the two logarithms of the loss are

        log pᵢ = zᵢ - s         whose derivative by zⱼ is  [i = j] - pⱼ
        log(1 - pᵢ) = sᵢ - s    whose derivative by zⱼ is  rᵢⱼ - pⱼ,  rᵢⱼ = exp(zⱼ - sᵢ) for j ≠ i, rᵢᵢ = 0

    so that loss = -mean(yᵢ log pᵢ + (1 - yᵢ) log(1 - pᵢ)) over n outputs has the derivative

        dloss/dzⱼ = pⱼ - (yⱼ + Σᵢ (1 - yᵢ) rᵢⱼ) / n

    Nothing is divided by pᵢ or 1 - pᵢ, and no exponential overflows, however large z becomes.
    """

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        array = partial(np.array, dtype=config.dtype)
        self.x, self.y = array(problem.x), array(problem.y)
        self.w = array(problem.start["w"])
        self.b = array(problem.start["b"])
        self.lr = config.lr
        self.is_own = np.eye(self.y.size, dtype=bool)

    def forward(self) -> np.floating:
        z = self.x @ self.w + self.b
        self.others = np.where(self.is_own, -np.inf, z)  # row i: z without its element i
        s = np.logaddexp.reduce(z)
        self.s_others = np.logaddexp.reduce(self.others, axis=1)
        self.p = np.exp(z - s)
        return -(self.y * (z - s) + (1 - self.y) * (self.s_others - s)).mean()

    def backward(self, loss: np.floating) -> None:
        r = np.exp(self.others - self.s_others[:, np.newaxis])
        grad_z = self.p - (self.y + (1 - self.y) @ r) / self.y.size
        self.grad_w = np.outer(self.x, grad_z)
        self.grad_b = grad_z

    def update(self) -> None:
        self.w -= self.lr * self.grad_w
        self.b -= self.lr * self.grad_b

    parameters = property(lambda self: {"w": self.w, "b": self.b})
    gradients = property(lambda self: {"w": self.grad_w, "b": self.grad_b})
