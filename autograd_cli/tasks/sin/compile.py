"""Level 12, compile: `autograd`, whose operations torch.compile makes into fewer, written for their sizes.

The first call of a function that was compiled traces it into a graph and differentiates that; C++ is written
for both and goes through the machine's compiler, so the first step takes many seconds. What gains is that
powers, products and sums go over the points once, and store nothing between.
"""

from functools import partial

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


def squared_errors(x: torch.Tensor, y: torch.Tensor, *coefficients: torch.Tensor) -> torch.Tensor:
    """Σ (a + b x + c x² + d x³ - y)², by nothing but the arguments: their sizes and dtype are compiled in."""
    a, b, c, d = coefficients
    y_pred = a + b * x + c * x**2 + d * x**3
    return (y_pred - y).pow(2).sum()


class Sin:
    """y_pred = a + b x + c x² + d x³ with x (N,) and scalar coefficients; loss = Σ (y_pred - y)²."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        self.a, self.b, self.c, self.d = (tensor(problem.start[name], requires_grad=True) for name in "abcd")
        self.lr = config.lr
        # For these sizes alone: code for any size, made after others, would round in another order.
        for_sizes = partial(torch.compile, fullgraph=True, dynamic=False, recompile_limit=256)
        self.squared_errors = for_sizes(squared_errors)

    def forward(self) -> torch.Tensor:
        return self.squared_errors(self.x, self.y, self.a, self.b, self.c, self.d)

    def backward(self, loss: torch.Tensor) -> None:
        self.a.grad = self.b.grad = self.c.grad = self.d.grad = None  # or backward() would add to them
        loss.backward()  # the graph is one node, whose backward is compiled as well

    def update(self) -> None:
        with torch.no_grad():  # the update itself is no part of the graph
            self.a -= self.lr * self.a.grad
            self.b -= self.lr * self.b.grad
            self.c -= self.lr * self.c.grad
            self.d -= self.lr * self.d.grad

    parameters = property(lambda self: {"a": self.a, "b": self.b, "c": self.c, "d": self.d})
    gradients = property(
        lambda self: {"a": self.a.grad, "b": self.b.grad, "c": self.c.grad, "d": self.d.grad}
    )
