"""Level 10, batched: `tensor` for many runs at once: every array and product gains a run dimension."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class MlpRuns:
    """R times relu(x w1) w2 with x (R, N, D_in), w1 (R, D_in, H), w2 (R, H, D_out); losses (R,)."""

    def __init__(self, problems: Sequence[Problem], configs: Sequence[RunConfig]) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, configs[0].dtype), device=configs[0].device)
        self.x = tensor(np.stack([problem.x for problem in problems]))
        self.y = tensor(np.stack([problem.y for problem in problems]))
        self.w1 = tensor(np.stack([problem.start["w1"] for problem in problems]))
        self.w2 = tensor(np.stack([problem.start["w2"] for problem in problems]))
        self.lr = tensor([[[config.lr]] for config in configs])
        # The same memory at every step: fresh pages for all gradients would cost more than they do.
        self.grad_w1, self.grad_w2 = torch.empty_like(self.w1), torch.empty_like(self.w2)

    def forward(self) -> torch.Tensor:
        self.h_relu = torch.bmm(self.x, self.w1).relu_()
        self.y_pred = torch.bmm(self.h_relu, self.w2)
        return (self.y_pred - self.y).pow(2).sum((1, 2))

    def backward(self, loss: torch.Tensor) -> None:
        grad_y_pred = 2.0 * (self.y_pred - self.y)
        torch.bmm(self.h_relu.mT, grad_y_pred, out=self.grad_w2)
        grad_h = torch.bmm(grad_y_pred, self.w2.mT).mul_(self.h_relu > 0)
        torch.bmm(self.x.mT, grad_h, out=self.grad_w1)

    def update(self) -> None:
        # w -= lr grad, every run at its own rate, without an array for the product.
        self.w1.addcmul_(self.grad_w1, self.lr, value=-1)
        self.w2.addcmul_(self.grad_w2, self.lr, value=-1)

    parameters = property(lambda self: {"w1": self.w1, "w2": self.w2})
    gradients = property(lambda self: {"w1": self.grad_w1, "w2": self.grad_w2})

    # The keys in which the runs of a batch may differ.
    per_run = frozenset({"seed", "lr"})

    @staticmethod
    def bytes_per_run(config: RunConfig) -> int:
        """Working memory that a run adds to a batch: inputs, hidden layer, weights and their gradients."""
        N, D_in, H, D_out = (int(config.options[name]) for name in ("N", "D_in", "H", "D_out"))
        numbers = N * (D_in + 4 * H + 4 * D_out) + 2 * H * (D_in + D_out)
        return numbers * getattr(torch, config.dtype).itemsize
