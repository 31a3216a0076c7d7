"""Level 7, module: the model becomes a class of your own, with forward() and what else you like."""

import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Polynomial3(nn.Module):
    """a + b x + c x² + d x³ with four scalar Parameters."""

    def __init__(self, a: float, b: float, c: float, d: float) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(a, dtype=torch.float64))
        self.b = nn.Parameter(torch.tensor(b, dtype=torch.float64))
        self.c = nn.Parameter(torch.tensor(c, dtype=torch.float64))
        self.d = nn.Parameter(torch.tensor(d, dtype=torch.float64))

    def forward(self, x: torch.Tensor, x2: torch.Tensor, x3: torch.Tensor) -> torch.Tensor:
        """Predictions (N,) from x, x² and x³, each (N,)."""
        return self.a + self.b * x + self.c * x2 + self.d * x3

    def formula(self) -> str:
        """The polynomial as it stands: any method may go with the model."""
        return f"y = {self.a.item()} + {self.b.item()} x + {self.c.item()} x^2 + {self.d.item()} x^3"


class Sin:
    """The training of a Polynomial3 by torch.optim.SGD."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        self.x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        self.x2, self.x3 = self.x**2, self.x**3
        start = {name: float(problem.start[name]) for name in "abcd"}
        self.model = Polynomial3(**start).to(dtype=dtype, device=device)
        self.loss_fn = nn.MSELoss(reduction="sum")
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=config.lr)

    def forward(self) -> torch.Tensor:
        """Sum of squared errors."""
        y_pred = self.model(self.x, self.x2, self.x3)
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
        """The coefficients."""
        return dict(self.model.named_parameters())

    @property
    def gradients(self) -> dict[str, torch.Tensor | None]:
        """The loss's derivatives with respect to the coefficients."""
        return {name: p.grad for name, p in self.model.named_parameters()}
