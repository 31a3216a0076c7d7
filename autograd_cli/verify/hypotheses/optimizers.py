"""Another rule of update, or the same one with other numbers: tried on the gradients of all steps so far."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from autograd_cli.verify.evidence import Arrays, Evidence
from autograd_cli.verify.hypotheses.fit import (
    Float64,
    explained,
    is_believable,
    is_round,
    pool,
    ratio,
    show,
)
from autograd_cli.verify.rules import SGD, Adam, RMSprop, Rule, rule_of


def momentum(evidence: Evidence) -> str | None:
    """A velocity that keeps more or less of the last one."""
    fitted = _fit_velocity(evidence)
    if fitted is None:
        return None
    kept, _, is_set = fitted
    if kept in (None, is_set):
        return None
    if kept == 1:
        return "the step is that of all gradients so far: never zeroed, or a momentum of 1?"
    set_to = f"where {show(is_set)} is set" if is_set else "where none is set"
    return f"the step keeps {show(kept)} of the last one: a momentum of {show(kept)} {set_to}?"


def dampening(evidence: Evidence) -> str | None:
    """A velocity that takes in less of the gradient; there is none without a momentum."""
    fitted = _fit_velocity(evidence)
    if fitted is None or not fitted[2] or fitted[1] is None:
        return None
    return f"the velocity takes in {show(fitted[1])} of the gradient: a dampening of {show(1 - fitted[1])}?"


def nesterov(evidence: Evidence) -> str | None:
    """A step that looks ahead, g + momentum v in place of v."""
    rule = rule_of(evidence.config)
    if isinstance(rule, SGD) and rule.momentum and _gives(evidence, _anew(rule, nesterov=True)):
        return f"the step is g + {show(rule.momentum)} v where v belongs: Nesterov's momentum?"
    return None


def averaged_gradients(evidence: Evidence) -> str | None:
    """A velocity that is an average, v = momentum v + (1 - momentum) g, from its first step on."""
    rule = rule_of(evidence.config)
    if not (isinstance(rule, SGD) and rule.momentum and _gives(evidence, _Averaged(rule.lr, rule.momentum))):
        return None
    kept, share = show(rule.momentum), show(1 - rule.momentum)
    also = "" if evidence.step else f", or a learning rate that is {share} of the one set"
    return f"the velocity takes in {share} of each gradient: an average, v = {kept} v + {share} g{also}?"


def resting_parameters(evidence: Evidence) -> str | None:
    """A parameter that was not used, and goes on by its velocity all the same."""
    rule = rule_of(evidence.config)
    if _gives(evidence, rule, rests=False):
        return "it was not used in this step, and moves: a rule that takes a missing gradient for zeros?"
    return None


def other_numbers(evidence: Evidence) -> str | None:
    """The rule with other betas, another alpha or eps, without the correction of its bias, or with decay."""
    rule = rule_of(evidence.config)
    for words, other in _variants(rule):
        if _gives(evidence, other):
            return f"the steps are those of {type(rule).__name__} {words}?"
    return None


def other_rule(evidence: Evidence) -> str | None:
    """Another optimiser."""
    own, lr = rule_of(evidence.config), evidence.config.lr
    others: dict[str, Rule] = {
        "plain SGD": SGD(lr),
        "Adam": Adam(lr),
        "RMSprop": RMSprop(lr),
        "Adagrad": _Adagrad(lr),
        "the gradient's sign alone": _Sign(lr),
        "the gradient over its norm": _Unit(lr),
        "the gradient over the norm of all gradients": _Unit(lr, together=True),
    }
    # Rules differ less in how they begin than in what they remember.
    alike = ", or of one that begins like it" if evidence.step == 0 else ""
    for words, rule in others.items():
        if _gives(evidence, rule):
            return f"the steps are those of {words}{alike}: another rule of update?"
    for words, rule in others.items():
        for variant, changed in _variants(rule) if type(rule) is not type(own) else ():
            if _gives(evidence, changed):
                return f"the steps are those of {words} {variant}{alike}: another rule of update?"
    return None


def other_rule_and_rate(evidence: Evidence) -> str | None:
    """Another optimiser with a learning rate of its own, as it shows at the first step."""
    own = rule_of(evidence.config)
    step = evidence.level[evidence.step]
    names = [name for name, gradient in step.gradients.items() if gradient.any()]
    rules: dict[str, Rule] = {"plain SGD": SGD(1.0), "Adam": Adam(1.0), "RMSprop": RMSprop(1.0)}
    for words, rule in rules.items():
        if evidence.step or type(rule) is type(own):
            continue
        after = rule.step(step.before, {name: step.gradients[name] for name in names})
        right = {name: step.before[name] - after[name] for name in names}
        rate = ratio([step.before[n] - step.after[n] for n in names], right.values())
        moved = {name: step.before[name] - rate * right[name] for name in names}
        if is_round(rate) and explained(evidence, moved):
            return f"the step is that of {words} with a learning rate of {show(rate)}: another rule?"
    return None


def _variants(rule: Rule) -> Iterator[tuple[str, Rule]]:
    if isinstance(rule, Adam):
        yield "without the correction of its bias", _anew(rule, unbiased=False)
        for betas in [(rule.betas[0], other) for other in (0.9, 0.95, 0.98, 0.99, 0.9999)]:
            yield f"with betas {betas}", _anew(rule, betas=betas)
        for betas in [(other, rule.betas[1]) for other in (0.0, 0.5, 0.8, 0.95, 0.99)]:
            yield f"with betas {betas}", _anew(rule, betas=betas)
        yield "with its betas exchanged", _anew(rule, betas=rule.betas[::-1])
    if isinstance(rule, RMSprop):
        for alpha in (0.9, 0.95, 0.999, 0.5):
            yield f"with alpha {alpha}", _anew(rule, alpha=alpha)
    if isinstance(rule, Adam | RMSprop):
        for eps in (0.0, 1e-10, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2):
            yield f"with an eps of {eps:g}", _anew(rule, eps=eps)
        for eps in dict.fromkeys((rule.eps, 1e-10, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)):
            yield f"with eps ({eps:g}) inside the root", _InsideRoot(_anew(rule, eps=0.0), eps)
        for decay in (1e-4, 5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 0.1):
            yield f"with a weight decay of {decay:g} in the gradient", _Decayed(_anew(rule), decay)


def _anew(rule: Any, **numbers: Any) -> Any:
    """The rule with other numbers, and nothing remembered."""
    memory: dict[str, Any] = {one.name: {} for one in fields(rule) if one.default_factory is dict}
    return replace(rule, **memory, **numbers)


def _history(evidence: Evidence) -> list[Any]:
    """The level's steps from the first to this one; none where those between are not known."""
    steps = range(evidence.step + 1)
    return [evidence.level[k] for k in steps] if set(steps) <= set(evidence.level) else []


def _gives(evidence: Evidence, rule: Rule, *, rests: bool = True) -> bool:
    """Whether `rule`, from its start, makes the level's parameters of this step and the steps before."""
    history, rule = _history(evidence), _anew(rule)
    for k, step in enumerate(history):
        before = evidence.level[k].before
        used = {n: g for n, g in step.gradients.items() if g.any()} if rests else step.gradients
        moved = rule.step(before, used)
        if k == evidence.step:
            return explained(evidence, moved)
        if any(not _alike(before[n], moved[n], evidence.level[k].after[n]) for n in moved):
            return False
    return False


def _alike(before: Float64, predicted: Float64, found: Float64) -> bool:
    """Equal to rounding, measured by the parameter and not by the small step."""
    return bool(np.allclose(predicted, found, rtol=0, atol=1e-9 * float(np.abs(before).max())))


def _fit_velocity(evidence: Evidence) -> tuple[float | None, float | None, float] | None:
    """The shares of the last velocity and of the gradient in a step of SGD, and the momentum that is set.

    Each is fitted with the other as it should be, and None where it does not explain the step.
    """
    rule = rule_of(evidence.config)
    history = _history(evidence)
    if not isinstance(rule, SGD) or not rule.lr or len(history) < 2:
        return None
    velocity: dict[str, Float64] = {}
    for step in history[:-1]:
        for name, g in step.gradients.items():
            if g.any():
                velocity[name] = rule.momentum * velocity.get(name, 0.0) + g
    last = history[-1]
    names = [name for name in velocity if name in last.gradients]
    step = pool((last.before[n] - last.after[n]) / rule.lr for n in names)
    v, g = (pool(side[n] for n in names) for side in (velocity, last.gradients))

    def moved(kept: float, taken: float) -> Arrays:
        return {n: last.before[n] - rule.lr * (kept * velocity[n] + taken * last.gradients[n]) for n in names}

    kept = round(ratio([step - g], [v]), 9) + 0.0  # no -0
    taken = round(ratio([step - rule.momentum * v], [g]), 9)
    explains_kept = is_believable(kept, [v]) and explained(evidence, moved(kept, 1.0))
    explains_taken = is_believable(taken, [g]) and explained(evidence, moved(rule.momentum, taken))
    return kept if explains_kept else None, taken if explains_taken else None, rule.momentum


@dataclass
class _Averaged:
    """v = momentum v + (1 - momentum) g from v = 0."""

    lr: float
    momentum: float
    velocity: dict[str, Any] = field(default_factory=dict)

    def step(self, parameters: Arrays, gradients: Arrays) -> dict[str, Any]:
        moved = dict(parameters)
        for name, g in gradients.items():
            v = self.momentum * self.velocity.get(name, 0.0) + (1 - self.momentum) * g
            self.velocity[name] = v
            moved[name] = parameters[name] - self.lr * v
        return moved


@dataclass
class _Adagrad:
    """p = p - lr g / (√Σg² + ε). Duchi et al. (2011), with torch's ε of 1e-10."""

    lr: float
    eps: float = 1e-10
    sums: dict[str, Any] = field(default_factory=dict)

    def step(self, parameters: Arrays, gradients: Arrays) -> dict[str, Any]:
        moved = dict(parameters)
        for name, g in gradients.items():
            self.sums[name] = self.sums.get(name, 0.0) + np.square(g)
            moved[name] = parameters[name] - self.lr * g / (np.sqrt(self.sums[name]) + self.eps)
        return moved


@dataclass
class _Sign:
    """p = p - lr sign(g)."""

    lr: float

    def step(self, parameters: Arrays, gradients: Arrays) -> dict[str, Any]:
        return {**parameters, **{n: parameters[n] - self.lr * np.sign(g) for n, g in gradients.items()}}


@dataclass
class _Unit:
    """p = p - lr g / |g|, each array by itself or all together."""

    lr: float
    together: bool = False

    def step(self, parameters: Arrays, gradients: Arrays) -> dict[str, Any]:
        total = float(np.linalg.norm(pool(gradients.values())))
        norms: Mapping[str, float] = {n: float(np.linalg.norm(g)) for n, g in gradients.items()}
        return {
            **parameters,
            **{
                n: parameters[n] - self.lr * g / (total if self.together else norms[n])
                for n, g in gradients.items()
            },
        }


@dataclass
class _InsideRoot:
    """Adam or RMSprop with √(v + ε) for √v + ε."""

    rule: Adam | RMSprop
    eps: float

    def step(self, parameters: Arrays, gradients: Arrays) -> dict[str, Any]:
        rule = self.rule
        plain = rule.step(parameters, gradients)
        for name in gradients:
            v = rule.v[name]
            if isinstance(rule, Adam) and rule.unbiased:
                v = v / (1 - rule.betas[1] ** rule.t[name])
            shorter = np.sqrt(v / (v + self.eps))
            plain[name] = parameters[name] + shorter * (plain[name] - parameters[name])
        return plain


@dataclass
class _Decayed:
    """A rule whose gradients have a share of the parameters added."""

    rule: Rule
    decay: float

    def step(self, parameters: Arrays, gradients: Arrays) -> dict[str, Any]:
        return self.rule.step(parameters, {n: g + self.decay * parameters[n] for n, g in gradients.items()})
