"""Level 10, batched: `tensor` for many runs at once: every array and product gains a run dimension."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class MlpRuns:
    """R times relu(x w1 + b1) w2 + b2 with x (R, N, D_in), w1 (R, D_in, H), w2 (R, H, D_out); losses (R,)."""

    def __init__(self, problems: Sequence[Problem], configs: Sequence[RunConfig]) -> None:
        tensor = partial(torch.tensor, dtype=getattr(torch, configs[0].dtype), device=configs[0].device)
        self.x, self.y = (tensor(np.stack([getattr(p, name) for p in problems])) for name in "xy")
        names = ("w1", "b1", "w2", "b2") if configs[0].bias else ("w1", "w2")  # b1 as (R, 1, H)
        self.p = {n: tensor(np.stack([np.atleast_2d(p.start[n]) for p in problems])) for n in names}
        self.b1, self.b2 = (self.p.get(name, self.x.new_zeros(1, 1, 1)) for name in ("b1", "b2"))
        # The same memory at every step: fresh pages for all gradients would cost more than they do.
        self.grad, self.m, self.v = ({n: torch.zeros_like(p) for n, p in self.p.items()} for _ in range(3))
        self.lr, momentum = (tensor([[[getattr(c, key)]] for c in configs]) for key in ("lr", "momentum"))
        # The shares that the old m and g have in the new m, and the old v in the new v.
        shares = {"SGD": (momentum, 1.0, 0.0), "RMSprop": (0.0, 1.0, 0.99), "Adam": (0.9, 0.1, 0.999)}
        self.beta1, self.share, self.beta2 = shares[configs[0].optimizer]
        self.t, self.is_adam = 0, configs[0].optimizer == "Adam"
        self.remembers = self.is_adam or bool(momentum.any())

    def forward(self) -> torch.Tensor:
        self.h_relu = torch.baddbmm(self.b1, self.x, self.p["w1"]).relu_()
        self.errors = torch.baddbmm(self.b2, self.h_relu, self.p["w2"]) - self.y
        return self.errors.pow(2).sum((1, 2))

    def backward(self, loss: torch.Tensor) -> None:
        grad_y_pred = 2.0 * self.errors
        grad_h = torch.bmm(grad_y_pred, self.p["w2"].mT).mul_(self.h_relu > 0)
        for layer, a, g in (("1", self.x, grad_h), ("2", self.h_relu, grad_y_pred)):
            torch.bmm(a.mT, g, out=self.grad["w" + layer])
            torch.sum(g, 1, keepdim=True, out=self.grad.get("b" + layer))

    def update(self) -> None:
        self.t += 1
        for name, g in self.grad.items():
            m = self.m[name].mul_(self.beta1).add_(g, alpha=self.share) if self.remembers else g
            if self.beta2:  # RMSprop, and Adam, which takes out the zeros that m and v began with
                v = self.v[name].mul_(self.beta2).addcmul_(g, g, value=1 - self.beta2)
                m_seen, v_seen = (1 - self.is_adam * b**self.t for b in (self.beta1, self.beta2))
                m = m / (v / v_seen).sqrt_().add_(1e-8).mul_(m_seen)
            self.p[name].addcmul_(m, self.lr, value=-1)  # p -= lr m, every run at its own rate

    parameters = property(lambda self: {n: p[:, 0] if n[0] == "b" else p for n, p in self.p.items()})
    gradients = property(lambda self: {n: g[:, 0] if n[0] == "b" else g for n, g in self.grad.items()})

    # The keys in which the runs of a batch may differ.
    per_run = frozenset({"seed", "lr", "momentum", "start"})

    @staticmethod
    def bytes_per_run(config: RunConfig) -> int:
        """Working memory that a run adds to a batch: inputs, hidden layer, weights and as much for each."""
        arrays = 2 if config.optimizer == "SGD" and not config.momentum else 4
        numbers = (config.N + arrays * config.H) * (config.D_in + config.D_out) + 4 * config.N * config.H
        return numbers * getattr(torch, config.dtype).itemsize
