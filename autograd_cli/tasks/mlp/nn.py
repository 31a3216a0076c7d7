"""Level 5, nn: layers own their parameters, and the update loops over whatever the model owns."""

import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Mlp:
    """Linear, ReLU, Linear. A Linear layer stores its weight as (out, in): the views below turn it."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        self.x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        (D_in, H), D_out = problem.start["w1"].shape, problem.y.shape[1]
        bias = config.options["bias"]
        linear1, linear2 = nn.Linear(D_in, H, bias=bias), nn.Linear(H, D_out, bias=bias)
        self.model = nn.Sequential(linear1, nn.ReLU(), linear2).to(dtype=dtype, device=device)
        self.loss_fn = nn.MSELoss(reduction="sum")
        self.lr = config.lr
        owned = {"w1": linear1.weight, "b1": linear1.bias, "w2": linear2.weight, "b2": linear2.bias}
        self.owned = {name: p for name, p in owned.items() if p is not None}
        with torch.no_grad():
            for name, p in self.parameters.items():
                p.copy_(torch.from_numpy(problem.start[name]))

    def forward(self) -> torch.Tensor:
        """Sum of squared errors."""
        y_pred = self.model(self.x)
        return self.loss_fn(y_pred, self.y)

    def backward(self, loss: torch.Tensor) -> None:
        """Clear the gradients of the step before, then add this step's."""
        self.model.zero_grad()
        loss.backward()

    def update(self) -> None:
        """Gradient descent on whatever the model owns."""
        with torch.no_grad():
            for p in self.model.parameters():
                assert p.grad is not None
                p -= self.lr * p.grad

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """The weights, (in, out) as in the levels below, and the biases."""
        return {name: p.t() for name, p in self.owned.items()}

    @property
    def gradients(self) -> dict[str, torch.Tensor | None]:
        """The loss's derivatives, in the shapes of the parameters."""
        return {name: p.grad if p.grad is None else p.grad.t() for name, p in self.owned.items()}
