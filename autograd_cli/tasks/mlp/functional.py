"""Level 8, functional: the model owns nothing: parameters are its arguments, and gradients are returned."""

from functools import partial

import torch
from torch.nn.functional import mse_loss

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


def two_layer_net(parameters: dict[str, torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    """From x (N, D_in) to y_pred (N, D_out), by nothing but the arguments; a b that is missing is 0."""
    h_relu = (x @ parameters["w1"] + parameters.get("b1", 0)).relu()
    return h_relu @ parameters["w2"] + parameters.get("b2", 0)


class Mlp:
    """y_pred = relu(x w1 + b1) w2 + b2 with w1 (D_in, H), b1 (H,), w2 (H, D_out), b2 (D_out,)."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        names = ["w1", "b1", "w2", "b2"] if config.bias else ["w1", "w2"]
        self.parameters = {name: tensor(problem.start[name], requires_grad=True) for name in names}
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        y_pred = two_layer_net(self.parameters, self.x)
        return mse_loss(y_pred, self.y, reduction="sum")

    def backward(self, loss: torch.Tensor) -> None:
        gradients = torch.autograd.grad(loss, list(self.parameters.values()))  # no .grad is touched
        self.gradients = dict(zip(self.parameters, gradients, strict=True))

    def update(self) -> None:
        moved = {name: p.detach() - self.lr * self.gradients[name] for name, p in self.parameters.items()}
        self.parameters = {name: p.requires_grad_() for name, p in moved.items()}
