"""Level 7, module: a model class of your own, whose forward() is ordinary Python."""

from functools import partial

import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class LinearModel(nn.Module):
    """From x (N, 1) to y_pred (N, 1); it owns the layer because that is an attribute of it."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x)


class Linear:
    """y_pred = x w + b with x (N, 1), w (1, 1), b (1,); loss = mean of (y_pred - y)²."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        self.model = LinearModel().to(self.x)
        self.loss_fn = nn.MSELoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=config.lr)
        self.named = dict(zip("wb", self.model.parameters(), strict=True))
        with torch.no_grad():  # the start that all levels share, in place of PyTorch's own
            for name, p in self.named.items():
                p.copy_(tensor(problem.start[name]).t())

    def forward(self) -> torch.Tensor:
        y_pred = self.model(self.x)
        return self.loss_fn(y_pred, self.y)

    def backward(self, loss: torch.Tensor) -> None:
        self.optimizer.zero_grad()
        loss.backward()

    def update(self) -> None:
        self.optimizer.step()

    # A Linear keeps its weight as (out, in), and the task's is (in, out).
    parameters = property(lambda self: {name: p.t() for name, p in self.named.items()})
    gradients = property(lambda self: {name: p.grad.t() for name, p in self.named.items()})
