"""Level 8, dynamic: forward() takes a different path at every call, and one layer is used again and again."""

import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class DynamicNet(nn.Module):
    """Input, middle and output layer; the middle one is applied as often as the caller says."""

    def __init__(self, D_in: int, H: int, D_out: int, bias: bool) -> None:
        super().__init__()
        self.input_linear = nn.Linear(D_in, H, bias=bias)
        self.middle_linear = nn.Linear(H, H, bias=bias)
        self.output_linear = nn.Linear(H, D_out, bias=bias)

    def forward(self, x: torch.Tensor, depth: int) -> torch.Tensor:
        """Predictions (N, D_out) for x (N, D_in): autograd follows the loop as it ran."""
        h_relu = self.input_linear(x).relu()
        for _ in range(depth):
            h_relu = self.middle_linear(h_relu).relu()
        return self.output_linear(h_relu)


class Mlp:
    """The training of a DynamicNet by torch.optim.SGD with momentum."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        dtype, device = getattr(torch, config.dtype), config.device
        self.x = torch.tensor(problem.x, dtype=dtype, device=device)
        self.y = torch.tensor(problem.y, dtype=dtype, device=device)
        (D_in, H), D_out = problem.start["w1"].shape, problem.y.shape[1]
        net = DynamicNet(D_in, H, D_out, bias=config.options["bias"]).to(dtype=dtype, device=device)
        self.model = net
        self.depths = problem.choices(4)
        self.loss_fn = nn.MSELoss(reduction="sum")
        self.optimizer = torch.optim.SGD(net.parameters(), lr=config.lr, momentum=config.options["momentum"])
        layers = {"1": net.input_linear, "_middle": net.middle_linear, "2": net.output_linear}
        owned = {"w" + k: layer.weight for k, layer in layers.items()} | {
            "b" + k: v.bias for k, v in layers.items()
        }
        self.owned = {name: p for name, p in owned.items() if p is not None}
        with torch.no_grad():
            for name, p in self.parameters.items():
                p.copy_(torch.from_numpy(problem.start[name]))

    def forward(self) -> torch.Tensor:
        """Sum of squared errors, at a depth of 0, 1, 2 or 3 drawn afresh."""
        y_pred = self.model(self.x, depth=next(self.depths))
        return self.loss_fn(y_pred, self.y)

    def backward(self, loss: torch.Tensor) -> None:
        """Clear the last step's gradients, then add this step's: at depth 0 the middle layer has none."""
        self.optimizer.zero_grad()
        loss.backward()

    def update(self) -> None:
        """The optimiser changes every parameter that has a .grad, and lets the others rest."""
        self.optimizer.step()

    @property
    def parameters(self) -> dict[str, torch.Tensor]:
        """The weights, (in, out) as in the levels below, and the biases."""
        return {name: p.t() for name, p in self.owned.items()}

    @property
    def gradients(self) -> dict[str, torch.Tensor]:
        """The loss's derivatives, in the shapes of the parameters; zero for a layer that was not used."""
        return {
            name: torch.zeros_like(p.t()) if p.grad is None else p.grad.t() for name, p in self.owned.items()
        }
