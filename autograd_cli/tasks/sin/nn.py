"""Level 5, nn: ready-made layer and loss; the layer, on (x, x², x³), owns what update() loops over."""

from functools import partial

import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Sin:
    """y_pred = Linear(x, x², x³), flattened to (N,): its bias (1,) holds a, its weight (1, 3) b, c and d."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        self.xx = torch.stack([self.x, self.x**2, self.x**3], dim=1)
        self.layer = nn.Linear(3, 1)
        self.model = nn.Sequential(self.layer, nn.Flatten(0, 1)).to(self.x)
        self.loss_fn = nn.MSELoss(reduction="sum")
        self.lr = config.lr
        with torch.no_grad():  # the start that all levels share, in place of PyTorch's own
            for name, p in self.parameters.items():
                p.copy_(tensor(problem.start[name]))

    def forward(self) -> torch.Tensor:
        y_pred = self.model(self.xx)
        return self.loss_fn(y_pred, self.y)

    def backward(self, loss: torch.Tensor) -> None:
        self.model.zero_grad()
        loss.backward()

    def update(self) -> None:
        with torch.no_grad():
            for p in self.model.parameters():
                p -= self.lr * p.grad

    parameters = property(
        lambda self: dict(zip("abcd", [*self.layer.bias, *self.layer.weight[0]], strict=True))
    )
    gradients = property(
        lambda self: dict(zip("abcd", [*self.layer.bias.grad, *self.layer.weight.grad[0]], strict=True))
    )
