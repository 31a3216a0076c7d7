"""Level 7, module: the model becomes a class of your own, and forward() is ordinary Python."""

import torch
from torch import nn
from torch.nn.functional import linear

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class TwoLayerNet(nn.Module):
    """Two Linear layers with a ReLU between."""

    def __init__(self, D_in: int, H: int, D_out: int, bias: bool) -> None:
        super().__init__()
        self.linear1 = nn.Linear(D_in, H, bias=bias)
        self.linear2 = nn.Linear(H, D_out, bias=bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Predictions (N, D_out) for x (N, D_in)."""
        return self.linear2(self.linear1(x).relu())


class StatelessNet(nn.Module):
    """The same function as a model that owns nothing: the weights come in as arguments."""

    def forward(
        self,
        x: torch.Tensor,
        w1: torch.Tensor,
        b1: torch.Tensor | None,
        w2: torch.Tensor,
        b2: torch.Tensor | None,
    ) -> torch.Tensor:
        """Predictions (N, D_out) for x (N, D_in), w1 (H, D_in) and w2 (D_out, H)."""
        return linear(linear(x, w1, b1).relu(), w2, b2)


class Mlp:
    """The training of a TwoLayerNet, or of a StatelessNet's weights, by torch.optim.SGD."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        self.x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        (D_in, H), D_out = problem.start["w1"].shape, problem.y.shape[1]
        net = TwoLayerNet(D_in, H, D_out, bias=config.options["bias"]).to(dtype=dtype, device=device)
        self.loss_fn = nn.MSELoss(reduction="sum")
        self.optimizer = torch.optim.SGD(net.parameters(), lr=config.lr)
        owned = {
            "w1": net.linear1.weight,
            "b1": net.linear1.bias,
            "w2": net.linear2.weight,
            "b2": net.linear2.bias,
        }
        self.owned = {name: p for name, p in owned.items() if p is not None}
        stateless = config.options["stateless"]
        self.model: nn.Module = StatelessNet() if stateless else net
        self.arguments = tuple(owned.values()) if stateless else ()
        with torch.no_grad():
            for name, p in self.parameters.items():
                p.copy_(torch.from_numpy(problem.start[name]))

    def forward(self) -> torch.Tensor:
        """Sum of squared errors."""
        y_pred = self.model(self.x, *self.arguments)
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
        """The weights, (in, out) as in the levels below, and the biases."""
        return {name: p.t() for name, p in self.owned.items()}

    @property
    def gradients(self) -> dict[str, torch.Tensor | None]:
        """The loss's derivatives, in the shapes of the parameters."""
        return {name: p.grad if p.grad is None else p.grad.t() for name, p in self.owned.items()}
