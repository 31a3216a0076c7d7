"""Level 6, optim: the update rule becomes an object that is told which parameters to change."""

from functools import partial

import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Mlp:
    """y_pred = relu(x w1 + b1) w2 + b2 with x (N, D_in), b1 (H,), b2 (D_out,); loss = Σ (y_pred - y)²."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        D_in, H, D_out, bias = config.D_in, config.H, config.D_out, config.bias
        self.model = nn.Sequential(nn.Linear(D_in, H, bias), nn.ReLU(), nn.Linear(H, D_out, bias)).to(self.x)
        self.loss_fn = nn.MSELoss(reduction="sum")
        optimizer = getattr(torch.optim, config.optimizer)  # Adam, unless told otherwise
        self.optimizer = optimizer(self.model.parameters(), lr=config.lr)
        names = ["w1", "b1", "w2", "b2"] if bias else ["w1", "w2"]
        self.named = dict(zip(names, self.model.parameters(), strict=True))
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
