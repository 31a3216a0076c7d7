"""On tensors, by other parts of torch, and compiled."""

from functools import partial
from typing import Any

import torch
from torch import nn

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem
from autograd_cli.tasks.mlp import module


def sum_of_squares(parameters: dict[str, Any], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The loss of an mlp without biases."""
    loss: torch.Tensor = ((x @ parameters["w1"]).relu() @ parameters["w2"] - y).square().sum()
    return loss


class FunctionalGradient:
    """Mlp by torch.func: the gradient is a function, and nothing asks for one."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype))
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        self.parameters = {name: tensor(problem.start[name]) for name in ("w1", "w2")}
        self.gradients = {name: torch.zeros_like(p) for name, p in self.parameters.items()}
        self.both = torch.func.grad_and_value(sum_of_squares)
        self.lr = config.lr

    def forward(self) -> Any:
        self.found, loss = self.both(self.parameters, self.x, self.y)
        return loss

    def backward(self, loss: Any) -> None:
        self.gradients = self.found

    def update(self) -> None:
        self.parameters = {n: p - self.lr * self.gradients[n] for n, p in self.parameters.items()}


class PerExample(FunctionalGradient):
    """Mlp by a gradient for each example, added up."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        each = torch.func.vmap(torch.func.grad_and_value(sum_of_squares), in_dims=(None, 0, 0))
        self.each = each

    def forward(self) -> Any:
        gradients, losses = self.each(self.parameters, self.x, self.y)
        self.found = {name: gradient.sum(0) for name, gradient in gradients.items()}
        return losses.sum()


class Compiled(module.Mlp):
    """Mlp with a model that torch.compile traced, the graph run as it is: that needs no compiler."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        self.model: Any = torch.compile(self.model, backend="aot_eager")


class InPlaceReLU(module.Mlp):
    """Mlp with layers in a row, and a ReLU that overwrites its input."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        super().__init__(problem, config)
        first, second = (child for child in self.model.modules() if isinstance(child, nn.Linear))
        self.model: Any = nn.Sequential(first, nn.ReLU(inplace=True), second)
