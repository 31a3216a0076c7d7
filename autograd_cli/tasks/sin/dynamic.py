"""Level 8, dynamic: forward() takes a different path at every call, and one parameter serves two terms."""

import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class DynamicPolynomial(nn.Module):
    """a + b x + c x² + d x³, then nothing, e x⁴, or e x⁴ + e x⁵."""

    def __init__(self, a: float, b: float, c: float, d: float, e: float) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(a, dtype=torch.float64))
        self.b = nn.Parameter(torch.tensor(b, dtype=torch.float64))
        self.c = nn.Parameter(torch.tensor(c, dtype=torch.float64))
        self.d = nn.Parameter(torch.tensor(d, dtype=torch.float64))
        self.e = nn.Parameter(torch.tensor(e, dtype=torch.float64))

    def forward(self, powers: tuple[torch.Tensor, ...], extra_terms: int) -> torch.Tensor:
        """Predictions (N,) from x, x², … x⁵, each (N,): autograd follows the loop as it ran."""
        x, x2, x3, *higher = powers
        y_pred = self.a + self.b * x + self.c * x2 + self.d * x3
        for power in higher[:extra_terms]:
            y_pred = y_pred + self.e * power
        return y_pred


class Sin:
    """The training of a DynamicPolynomial by torch.optim.SGD with momentum."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.powers = (x, x**2, x**3, x**4, x**5)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        start = {name: float(problem.start[name]) for name in "abcde"}
        self.model = DynamicPolynomial(**start).to(dtype=dtype, device=device)
        self.extra_terms = problem.choices(3)
        self.loss_fn = nn.MSELoss(reduction="sum")
        momentum = config.options["momentum"]
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=config.lr, momentum=momentum)

    def forward(self) -> torch.Tensor:
        """Sum of squared errors, with 0, 1 or 2 extra terms drawn afresh."""
        y_pred = self.model(self.powers, extra_terms=next(self.extra_terms))
        return self.loss_fn(y_pred, self.y)

    def backward(self, loss: torch.Tensor) -> None:
        """Clear the gradients of the step before, then add this step's: without extra terms e has none."""
        self.optimizer.zero_grad()
        loss.backward()

    def update(self) -> None:
        """The optimiser changes every parameter that has a .grad, and lets the others rest."""
        self.optimizer.step()

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """The coefficients."""
        return dict(self.model.named_parameters())

    @property
    def gradients(self) -> dict[str, torch.Tensor]:
        """The loss's derivatives with respect to the coefficients; zero for an e that was not used."""
        return {
            n: torch.zeros_like(p) if p.grad is None else p.grad for n, p in self.model.named_parameters()
        }
