"""The rules of update in NumPy, an array at a time: what the levels' own updates are held against.

Each is made with its numbers, and `step` returns the changed parameters. A parameter without a gradient
rests: no rule touches it, nor what the rule remembers of it; so does torch.optim where `.grad` is None.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from autograd_cli.contract.config import RunConfig

Arrays = Mapping[str, Any]


class Rule(Protocol):
    """How gradients change parameters; it may remember earlier ones."""

    def step(self, parameters: Arrays, gradients: Arrays) -> dict[str, Any]:
        """The parameters after one step, by the same names and in the same shapes."""


@dataclass
class SGD:
    """v = momentum v + (1 - dampening) g, at first v = g; p = p - lr v.

    With `nesterov`, p = p - lr (g + momentum v). Polyak (1964); Sutskever et al. (2013), "On the importance
    of initialization and momentum in deep learning", in the form of torch.optim, which keeps lr out of v.
    `weight_decay` adds its share of p to g beforehand.
    """

    lr: float
    momentum: float = 0.0
    dampening: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    velocity: dict[str, Any] = field(default_factory=dict)

    def step(self, parameters: Arrays, gradients: Arrays) -> dict[str, Any]:
        """One step downhill."""
        moved = dict(parameters)
        for name, given in gradients.items():
            p = parameters[name]
            g = given + self.weight_decay * p if self.weight_decay else given
            if self.momentum:
                v = self.velocity.get(name)
                v = g if v is None else self.momentum * v + (1 - self.dampening) * g
                self.velocity[name] = v
                g = g + self.momentum * v if self.nesterov else v
            moved[name] = p - self.lr * g
        return moved


@dataclass
class Adam:
    """m = β₁ m + (1 - β₁) g; v = β₂ v + (1 - β₂) g²; p = p - lr m̂ / (√v̂ + ε).

    m̂ = m / (1 - β₁ᵗ) and v̂ = v / (1 - β₂ᵗ) take out the zeros that m and v began with; t counts the steps
    of the parameter, from 1. Kingma and Ba (2015), "Adam: a method for stochastic optimization", algorithm 1.
    Without `unbiased`, m and v as they are.
    """

    lr: float
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    unbiased: bool = True
    m: dict[str, Any] = field(default_factory=dict)
    v: dict[str, Any] = field(default_factory=dict)
    t: dict[str, int] = field(default_factory=dict)

    def step(self, parameters: Arrays, gradients: Arrays) -> dict[str, Any]:
        """One step, each entry by its own measure."""
        moved = dict(parameters)
        beta1, beta2 = self.betas
        for name, g in gradients.items():
            t = self.t[name] = self.t.get(name, 0) + 1
            m = self.m[name] = beta1 * self.m.get(name, 0.0) + (1 - beta1) * g
            v = self.v[name] = beta2 * self.v.get(name, 0.0) + (1 - beta2) * np.square(g)
            if self.unbiased:
                m, v = m / (1 - beta1**t), v / (1 - beta2**t)
            moved[name] = parameters[name] - self.lr * (m / (np.sqrt(v) + self.eps))
        return moved


@dataclass
class RMSprop:
    """v = alpha v + (1 - alpha) g²; p = p - lr g / (√v + eps).

    Tieleman and Hinton (2012), lecture 6e of "Neural networks for machine learning"; the numbers, and eps
    outside of the root, as in torch.optim.
    """

    lr: float
    alpha: float = 0.99
    eps: float = 1e-8
    v: dict[str, Any] = field(default_factory=dict)

    def step(self, parameters: Arrays, gradients: Arrays) -> dict[str, Any]:
        """One step, each entry by its own measure."""
        moved = dict(parameters)
        for name, g in gradients.items():
            v = self.v[name] = self.alpha * self.v.get(name, 0.0) + (1 - self.alpha) * np.square(g)
            moved[name] = parameters[name] - self.lr * (g / (np.sqrt(v) + self.eps))
        return moved


_RULES: Mapping[str, Callable[[float], Rule]] = {"Adam": Adam, "RMSprop": RMSprop}


def rule_of(config: RunConfig) -> Rule:
    """The rule that `config` names, at its start; a task without the key `optimizer` trains by plain SGD."""
    optimizer = config.options.get("optimizer") or "SGD"
    if optimizer in _RULES:
        return _RULES[optimizer](config.lr)
    return SGD(config.lr, config.options.get("momentum") or 0.0)


def remembers(config: RunConfig) -> bool:
    """Whether a step depends on the gradients of earlier ones."""
    return (config.options.get("optimizer") or "SGD") != "SGD" or bool(config.options.get("momentum"))
