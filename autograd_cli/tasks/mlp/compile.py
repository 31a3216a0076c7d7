"""Level 12, compile: `autograd`, whose operations torch.compile makes into fewer, written for their sizes.

The first call of a function that was compiled traces it into a graph and differentiates that; C++ is written
for both and goes through the machine's compiler, so the first step takes many seconds. The products stay the
library's. What gains is the rest: difference, square and sum go over their arrays once, and store nothing.
"""

from functools import partial

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


def squared_errors(x: torch.Tensor, y: torch.Tensor, w1: torch.Tensor, w2: torch.Tensor) -> torch.Tensor:
    """Σ (relu(x w1) w2 - y)², by nothing but the arguments, whose sizes and dtype are compiled in."""
    h = x @ w1
    h_relu = h.relu()
    y_pred = h_relu @ w2
    return (y_pred - y).pow(2).sum()


class Mlp:
    """y_pred = relu(x w1) w2 with x (N, D_in), w1 (D_in, H), w2 (H, D_out); loss = Σ (y_pred - y)²."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        self.w1 = tensor(problem.start["w1"], requires_grad=True)
        self.w2 = tensor(problem.start["w2"], requires_grad=True)
        self.lr = config.lr
        # For these sizes alone: code for any size, made after others, would round in another order.
        for_sizes = partial(torch.compile, fullgraph=True, dynamic=False, recompile_limit=256)
        self.squared_errors = for_sizes(squared_errors)

    def forward(self) -> torch.Tensor:
        return self.squared_errors(self.x, self.y, self.w1, self.w2)

    def backward(self, loss: torch.Tensor) -> None:
        self.w1.grad = self.w2.grad = None  # or backward() would add to them
        loss.backward()  # the graph is one node, whose backward is compiled as well

    def update(self) -> None:
        with torch.no_grad():  # the update itself is no part of the graph
            self.w1 -= self.lr * self.w1.grad
            self.w2 -= self.lr * self.w2.grad

    parameters = property(lambda self: {"w1": self.w1, "w2": self.w2})
    gradients = property(lambda self: {"w1": self.w1.grad, "w2": self.w2.grad})
