"""Level 6, optim: the update rule becomes an object that is told which parameters to change."""

import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Linear:
    """Linear(1, 1). The layer stores its weight as (out, in): the views below turn it."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        self.x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        self.model = nn.Linear(1, 1, dtype=dtype, device=device)
        self.loss_fn = nn.MSELoss()
        optimizer_class = getattr(torch.optim, config.options["optimizer"])  # SGD, unless told otherwise
        self.optimizer = optimizer_class(self.model.parameters(), lr=config.lr)
        with torch.no_grad():
            for name, p in self.parameters.items():
                p.copy_(torch.from_numpy(problem.start[name]))

    def forward(self) -> torch.Tensor:
        """Mean of squared errors."""
        y_pred = self.model(self.x)
        return self.loss_fn(y_pred, self.y)

    def backward(self, loss: torch.Tensor) -> None:
        """Clear the gradients of the step before, then add this step's."""
        self.optimizer.zero_grad()
        loss.backward()

    def update(self) -> None:
        """The optimiser reads every .grad and changes every parameter."""
        self.optimizer.step()

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """The weight, (in, out) as in the levels below, and the bias."""
        return {"w": self.model.weight.t(), "b": self.model.bias}

    @property
    def gradients(self) -> dict[str, torch.Tensor | None]:
        """The loss's derivatives, in the shapes of the parameters."""
        w, b = self.model.weight.grad, self.model.bias.grad
        return {"w": w if w is None else w.t(), "b": b}
