"""Level 4, a Function of your own: softmax with its own derivative, as an operation inside autograd."""

from functools import partial

import torch
from torch.nn.functional import binary_cross_entropy

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class SoftmaxFunction(torch.autograd.Function):
    """pᵢ = exp(zᵢ) / Σₖ exp(zₖ) for z (n,); dpᵢ/dzⱼ = pᵢ ([i = j] - pⱼ)."""

    @staticmethod
    def forward(ctx, z: torch.Tensor) -> torch.Tensor:
        e = (z - z.max()).exp()  # the largest exponential is 1, so none overflows
        p = e / e.sum()
        ctx.save_for_backward(p)  # the derivative needs the output, and no more
        return p

    @staticmethod
    def backward(ctx, grad_output: torch.Tensor) -> torch.Tensor:
        (p,) = ctx.saved_tensors
        gp = grad_output * p
        return gp - p * gp.sum()  # Σᵢ gᵢ pᵢ ([i = j] - pⱼ)


class Softmax:
    """outputs = softmax(x w + b) with x (D_in,), w (D_in, D_out), b (D_out,); loss = binary cross-entropy."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, config.dtype), device=config.device)
        self.x, self.y = tensor(problem.x), tensor(problem.y)
        self.w = tensor(problem.start["w"], requires_grad=True)
        self.b = tensor(problem.start["b"], requires_grad=True)
        self.lr = config.lr

    def forward(self) -> torch.Tensor:
        z = self.x @ self.w + self.b
        outputs = SoftmaxFunction.apply(z)
        return binary_cross_entropy(outputs, self.y)  # near an output of 1 it loses digits that `numpy` keeps

    def backward(self, loss: torch.Tensor) -> None:
        self.w.grad = self.b.grad = None  # or backward() would add to them
        loss.backward()  # walks the graph, and calls SoftmaxFunction.backward() on its way

    def update(self) -> None:
        with torch.no_grad():  # the update itself is no part of the graph
            self.w -= self.lr * self.w.grad
            self.b -= self.lr * self.b.grad

    parameters = property(lambda self: {"w": self.w, "b": self.b})
    gradients = property(lambda self: {"w": self.w.grad, "b": self.b.grad})
