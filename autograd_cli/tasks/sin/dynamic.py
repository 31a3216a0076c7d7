"""Level 9, dynamic: `module` with momentum, and a forward() that adds as many terms in e as are drawn."""

from functools import partial

import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class DynamicPolynomial(nn.Module):
    """y_pred = a + b x + c x² + d x³, and then nothing, e x⁴, or e x⁴ + e x⁵, with x (N,)."""

    def __init__(self, *start: torch.Tensor) -> None:
        super().__init__()
        self.a, self.b, self.c, self.d, self.e = map(nn.Parameter, start)

    def forward(self, *powers: torch.Tensor, extra_terms: int) -> torch.Tensor:
        x, x2, x3, *higher = powers
        y_pred = self.a + self.b * x + self.c * x2 + self.d * x3
        for power in higher[:extra_terms]:  # autograd records the operations that ran, and knows no loop
            y_pred = y_pred + self.e * power
        return y_pred


class Sin:
    """The training of a DynamicPolynomial; loss = Σ (y_pred - y)²."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        self.powers = [self.x, self.x**2, self.x**3, self.x**4, self.x**5]
        self.model = DynamicPolynomial(*(tensor(problem.start[name]) for name in "abcde"))
        self.extra_terms = problem.choices(3)
        self.loss_fn = nn.MSELoss(reduction="sum")
        momentum = config.momentum
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=config.lr, momentum=momentum)

    def forward(self) -> torch.Tensor:
        y_pred = self.model(*self.powers, extra_terms=next(self.extra_terms))
        return self.loss_fn(y_pred, self.y)

    def backward(self, loss: torch.Tensor) -> None:
        self.optimizer.zero_grad()
        loss.backward()

    def update(self) -> None:
        self.optimizer.step()

    parameters = property(lambda self: dict(self.model.named_parameters()))
    # Without extra terms e has no .grad, and the optimiser lets it rest.
    gradients = property(
        lambda self: {
            n: torch.zeros_like(p) if p.grad is None else p.grad for n, p in self.model.named_parameters()
        }
    )
