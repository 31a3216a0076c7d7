"""Level 5, nn: a Linear layer on (x, x², x³) owns the coefficients; the update loops over what it owns."""

import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Sin:
    """Linear(3, 1), then Flatten: the layer's bias is a, its weight (1, 3) is b, c, d."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.xx = torch.stack([x, x**2, x**3], dim=1)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        self.layer = nn.Linear(3, 1, dtype=dtype, device=device)
        self.model = nn.Sequential(self.layer, nn.Flatten(0, 1))
        self.loss_fn = nn.MSELoss(reduction="sum")
        self.lr = config.lr
        with torch.no_grad():
            for name, p in self.parameters.items():
                p.copy_(torch.from_numpy(problem.start[name]))

    def forward(self) -> torch.Tensor:
        """Sum of squared errors."""
        y_pred = self.model(self.xx)
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
        """The coefficients, as views into the layer."""
        (a,), ((b, c, d),) = self.layer.bias, self.layer.weight
        return {"a": a, "b": b, "c": c, "d": d}

    @property
    def gradients(self) -> dict[str, torch.Tensor]:
        """The loss's derivatives with respect to the coefficients."""
        assert self.layer.bias.grad is not None
        assert self.layer.weight.grad is not None
        (a,), ((b, c, d),) = self.layer.bias.grad, self.layer.weight.grad
        return {"a": a, "b": b, "c": c, "d": d}
