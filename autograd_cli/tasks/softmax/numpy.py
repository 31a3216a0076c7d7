"""Level 1, NumPy: arrays, and the chain rule through softmax and cross-entropy written out by hand."""

import numpy as np

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Softmax:
    """p = softmax(z), z = x w + b with x (D_in,), w (D_in, D_out), b (D_out,); labels y (D_out,).

    With s = log Σₖ exp(zₖ), and sᵢ the same sum without its term i, the two logarithms of the loss are

        log pᵢ = zᵢ - s         whose derivative by zⱼ is  [i = j] - pⱼ
        log(1 - pᵢ) = sᵢ - s    whose derivative by zⱼ is  rᵢⱼ - pⱼ,  rᵢⱼ = exp(zⱼ - sᵢ) for j ≠ i, rᵢᵢ = 0

    so that loss = -mean(yᵢ log pᵢ + (1 - yᵢ) log(1 - pᵢ)) over n outputs has the derivative

        dloss/dzⱼ = pⱼ - (yⱼ + Σᵢ (1 - yᵢ) rᵢⱼ) / n

    Nothing is divided by pᵢ or 1 - pᵢ, and no exponential overflows, however large z becomes.
    """

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        self.x = problem.x.astype(config.dtype)
        self.y = problem.y.astype(config.dtype)
        self.w = problem.start["w"].astype(config.dtype)
        self.b = problem.start["b"].astype(config.dtype)
        self.is_own = np.eye(self.y.size, dtype=bool)
        self.lr = config.lr

    def forward(self) -> np.floating:
        """Binary cross-entropy, the mean over the outputs."""
        z = self.x @ self.w + self.b
        self.others = np.where(self.is_own, -np.inf, z)  # row i: z without its element i
        s = np.logaddexp.reduce(z)
        self.s_others = np.logaddexp.reduce(self.others, axis=1)
        self.p = np.exp(z - s)
        return -(self.y * (z - s) + (1 - self.y) * (self.s_others - s)).mean()

    def backward(self, loss: np.floating) -> None:
        """From the loss back to z, as derived above, then to weight and bias."""
        r = np.exp(self.others - self.s_others[:, np.newaxis])
        grad_z = self.p - (self.y + (1 - self.y) @ r) / self.y.size
        self.grad_w = np.outer(self.x, grad_z)
        self.grad_b = grad_z

    def update(self) -> None:
        """Gradient descent."""
        self.w -= self.lr * self.grad_w
        self.b -= self.lr * self.grad_b

    @property
    def parameters(self) -> dict[str, np.ndarray]:
        """Weight and bias."""
        return {"w": self.w, "b": self.b}

    @property
    def gradients(self) -> dict[str, np.ndarray]:
        """The loss's derivatives with respect to weight and bias."""
        return {"w": self.grad_w, "b": self.grad_b}
