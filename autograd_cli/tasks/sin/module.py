"""Level 7, module: a model class of your own, with forward() and what else you like, trained by SGD."""

from functools import partial

import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Polynomial3(nn.Module):
    """y_pred = a + b x + c x² + d x³ with x (N,); the scalars are its own because they are Parameters."""

    def __init__(self, *start: torch.Tensor) -> None:
        super().__init__()
        self.a, self.b, self.c, self.d = map(nn.Parameter, start)

    def forward(self, x: torch.Tensor, x2: torch.Tensor, x3: torch.Tensor) -> torch.Tensor:
        return self.a + self.b * x + self.c * x2 + self.d * x3

    def formula(self) -> str:
        return f"y = {self.a.item()} + {self.b.item()} x + {self.c.item()} x² + {self.d.item()} x³"


class Sin:
    """The training of a Polynomial3; loss = Σ (y_pred - y)²."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        self.powers = [self.x, self.x**2, self.x**3]
        self.model = Polynomial3(*(tensor(problem.start[name]) for name in "abcd"))
        self.loss_fn = nn.MSELoss(reduction="sum")
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=config.lr)

    def forward(self) -> torch.Tensor:
        y_pred = self.model(*self.powers)
        return self.loss_fn(y_pred, self.y)

    def backward(self, loss: torch.Tensor) -> None:
        self.optimizer.zero_grad()
        loss.backward()

    def update(self) -> None:
        self.optimizer.step()

    parameters = property(lambda self: dict(self.model.named_parameters()))
    gradients = property(lambda self: {name: p.grad for name, p in self.model.named_parameters()})
