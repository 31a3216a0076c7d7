"""Level 7, module: the model becomes a class of your own, and forward() is ordinary Python."""

import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class LinearModel(nn.Module):
    """A line: one Linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predictions (N, 1) for x (N, 1)."""
        return self.linear(x)


class Linear:
    """The training of a LinearModel by torch.optim.SGD."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        self.x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        self.model = LinearModel().to(dtype=dtype, device=device)
        self.loss_fn = nn.MSELoss()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=config.lr)
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
        return {"w": self.model.linear.weight.t(), "b": self.model.linear.bias}

    @property
    def gradients(self) -> dict[str, torch.Tensor | None]:
        """The loss's derivatives, in the shapes of the parameters."""
        w, b = self.model.linear.weight.grad, self.model.linear.bias.grad
        return {"w": w if w is None else w.t(), "b": b}
