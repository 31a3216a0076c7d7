"""Level 3, autograd: weight and bias ask for gradients, and one backward() replaces the derivation."""

import torch
from torch.nn.functional import binary_cross_entropy

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Softmax:
    """softmax(x w + b) with x (D_in,), w (D_in, D_out), b (D_out,).

    binary_cross_entropy gets outputs, not their logarithms: where one comes within rounding of 1 its loss
    has lost its digits, and torch stops it at 100. The level below keeps them.
    """

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        self.x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        self.w = torch.tensor(problem.start["w"], dtype=dtype, device=device, requires_grad=True)
        self.b = torch.tensor(problem.start["b"], dtype=dtype, device=device, requires_grad=True)
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        """Binary cross-entropy, the mean over the outputs."""
        z = self.x @ self.w + self.b
        outputs = z.softmax(dim=0)
        return binary_cross_entropy(outputs, self.y)

    def backward(self, loss: torch.Tensor) -> None:
        """Autograd walks the graph that forward() left behind and adds to each parameter's .grad."""
        loss.backward()

    def update(self) -> None:
        """Gradient descent, unseen by autograd; then the gradients go, or the next would add to them."""
        with torch.no_grad():
            for p in (self.w, self.b):
                assert p.grad is not None
                p -= self.lr * p.grad
                p.grad = None

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """Weight and bias."""
        return {"w": self.w, "b": self.b}

    @property
    def gradients(self) -> dict[str, torch.Tensor | None]:
        """The loss's derivatives with respect to weight and bias."""
        return {"w": self.w.grad, "b": self.b.grad}
