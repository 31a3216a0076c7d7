"""Level 9, batched: many runs as one program. Every array and every product gains a leading run dimension."""

from collections.abc import Sequence

import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class MlpRuns:
    """R times relu(x w1) w2 with x (R, N, D_in), w1 (R, D_in, H), w2 (R, H, D_out).

    Attributes:
        per_run: the keys in which the runs of one batch may differ.
    """

    per_run = frozenset({"seed", "lr"})

    def __init__(self, problems: Sequence[Problem], configs: Sequence[RunConfig]) -> None:
        dtype, device = getattr(torch, configs[0].dtype), configs[0].device

        def stack(arrays: list[object]) -> torch.Tensor:
            return torch.stack([torch.tensor(a, dtype=dtype) for a in arrays]).to(device)

        self.x = stack([problem.x for problem in problems])
        self.y = stack([problem.y for problem in problems])
        self.w1 = stack([problem.start["w1"] for problem in problems])
        self.w2 = stack([problem.start["w2"] for problem in problems])
        self.grad_w1, self.grad_w2 = torch.empty_like(self.w1), torch.empty_like(self.w2)
        self.lr = stack([[[config.lr]] for config in configs])

    @staticmethod
    def bytes_per_run(config: RunConfig) -> int:
        """Working memory that a run adds to a batch: inputs, hidden layer, weights and their gradients."""
        N, D_in, H, D_out = (int(config.options[name]) for name in ("N", "D_in", "H", "D_out"))
        numbers = N * (D_in + 4 * H + 4 * D_out) + 2 * H * (D_in + D_out)
        return numbers * getattr(torch, config.dtype).itemsize

    def forward(self) -> torch.Tensor:
        """Sums of squared errors (R,)."""
        self.h_relu = torch.bmm(self.x, self.w1).clamp_(min=0)
        self.y_pred = torch.bmm(self.h_relu, self.w2)
        return (self.y_pred - self.y).square().sum((1, 2))

    def backward(self, loss: torch.Tensor) -> None:
        """The chain rule, from the losses back to the weights."""
        grad_y_pred = 2.0 * (self.y_pred - self.y)
        torch.bmm(self.h_relu.mT, grad_y_pred, out=self.grad_w2)
        grad_h = torch.bmm(grad_y_pred, self.w2.mT).mul_(self.h_relu > 0)
        # Into the same memory at every step: fresh pages for all gradients would cost more than they do.
        torch.bmm(self.x.mT, grad_h, out=self.grad_w1)

    def update(self) -> None:
        """Gradient descent, every run at its own learning rate, without an array for the product."""
        self.w1.addcmul_(self.grad_w1, self.lr, value=-1)
        self.w2.addcmul_(self.grad_w2, self.lr, value=-1)

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """The weights, with the run dimension."""
        return {"w1": self.w1, "w2": self.w2}

    @property
    def gradients(self) -> dict[str, torch.Tensor]:
        """The losses' derivatives with respect to the weights, with the run dimension."""
        return {"w1": self.grad_w1, "w2": self.grad_w2}


class Mlp(MlpRuns):
    """A batch of one: the same program as an ordinary level."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__([problem], [config])

    def forward(self) -> torch.Tensor:
        """Sum of squared errors."""
        return super().forward()[0]

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """The weights."""
        return {name: w[0] for name, w in super().parameters.items()}

    @property
    def gradients(self) -> dict[str, torch.Tensor]:
        """The loss's derivatives with respect to the weights."""
        return {name: g[0] for name, g in super().gradients.items()}
