"""Level 5, nn: ready-made layer and loss; the layer owns weight and bias, and update() loops over them."""

from functools import partial

import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Linear:
    """y_pred = x w + b with x (N, 1), w (1, 1), b (1,); loss = mean of (y_pred - y)²."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        self.model = nn.Linear(1, 1).to(self.x)
        self.loss_fn = nn.MSELoss()
        self.lr = config.lr
        self.named = dict(zip("wb", self.model.parameters(), strict=True))
        with torch.no_grad():  # the start that all levels share, in place of PyTorch's own
            for name, p in self.named.items():
                p.copy_(tensor(problem.start[name]).t())

    def forward(self) -> torch.Tensor:
        y_pred = self.model(self.x)
        return self.loss_fn(y_pred, self.y)

    def backward(self, loss: torch.Tensor) -> None:
        self.model.zero_grad()
        loss.backward()

    def update(self) -> None:
        with torch.no_grad():
            for p in self.model.parameters():
                p -= self.lr * p.grad

    # A Linear keeps its weight as (out, in), and the task's is (in, out).
    parameters = property(lambda self: {name: p.t() for name, p in self.named.items()})
    gradients = property(lambda self: {name: p.grad.t() for name, p in self.named.items()})
