"""Level 9, dynamic: `module` with momentum, and a forward() that applies one layer as often as is drawn."""

from functools import partial

import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class DynamicNet(nn.Module):
    """From x (N, D_in) to y_pred (N, D_out), with the middle layer applied `depth` times."""

    def __init__(self, D_in: int, H: int, D_out: int, bias: bool) -> None:
        super().__init__()
        self.linear1 = nn.Linear(D_in, H, bias)
        self.middle = nn.Linear(H, H, bias)
        self.linear2 = nn.Linear(H, D_out, bias)

    def forward(self, x: torch.Tensor, depth: int) -> torch.Tensor:
        h_relu = self.linear1(x).relu()
        for _ in range(depth):  # autograd records the operations that ran, and knows no loop
            h_relu = self.middle(h_relu).relu()
        return self.linear2(h_relu)


class Mlp:
    """y_pred = relu(… relu(x w1 + b1) w_middle + b_middle …) w2 + b2; loss = Σ (y_pred - y)²."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        D_in, H, D_out, bias = config.D_in, config.H, config.D_out, config.bias
        self.model = DynamicNet(D_in, H, D_out, bias).to(self.x)
        self.depths = problem.choices(4)
        self.loss_fn = nn.MSELoss(reduction="sum")
        momentum = config.momentum
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=config.lr, momentum=momentum)
        names = ["w1", "b1", "w_middle", "b_middle", "w2", "b2"] if bias else ["w1", "w_middle", "w2"]
        self.named = dict(zip(names, self.model.parameters(), strict=True))
        with torch.no_grad():  # the start that all levels share, in place of PyTorch's own
            for name, p in self.named.items():
                p.copy_(tensor(problem.start[name]).t())

    def forward(self) -> torch.Tensor:
        y_pred = self.model(self.x, depth=next(self.depths))
        return self.loss_fn(y_pred, self.y)

    def backward(self, loss: torch.Tensor) -> None:
        self.optimizer.zero_grad()
        loss.backward()

    def update(self) -> None:
        self.optimizer.step()

    # A Linear keeps its weight as (out, in), and the task's is (in, out).
    parameters = property(lambda self: {name: p.t() for name, p in self.named.items()})
    # At depth 0 the middle layer has no .grad, and the optimiser lets it rest.
    gradients = property(
        lambda self: {
            n: (torch.zeros_like(p) if p.grad is None else p.grad).t() for n, p in self.named.items()
        }
    )
