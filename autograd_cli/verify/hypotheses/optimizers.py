"""Another rule of update, or the same one with other numbers: tried on the gradients of all steps so far."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from autograd_cli.verify.evidence import Arrays, Evidence
from autograd_cli.verify.hypotheses.fit import Float64, explained, is_believable, pool, show
from autograd_cli.verify.rules import SGD, Adam, RMSprop, Rule, rule_of


def momentum(evidence: Evidence) -> str | None:
    """A velocity that keeps more or less of the last one, or takes in less of the gradient."""
    rule = rule_of(evidence.config)
    if not isinstance(rule, SGD) or not rule.lr or evidence.step == 0:
        return None
    history = _history(evidence)
    velocity = _velocity(rule, history[:-1])
    if velocity is None or not velocity:
        return None
    names = [name for name in velocity if name in history[-1].gradients]
    before, gradients = evidence.level[evidence.step].before, history[-1].gradients
    after = evidence.level[evidence.step].after
    step = pool((before[n] - after[n]) / rule.lr for n in names)
    v, g = (pool(side[n] for n in names) for side in (velocity, gradients))
    kept = float((step - g) @ v / (v @ v))
    moved = {n: before[n] - rule.lr * (kept * velocity[n] + gradients[n]) for n in names}
    if is_believable(round(kept, 9), [v]) and explained(evidence, moved):
        if abs(kept - 1) < 1e-9:
            return "the step is that of all gradients so far: never zeroed, or a momentum of 1?"
        set_to = f"where {show(rule.momentum)} is set" if rule.momentum else "where none is set"
        return f"the step keeps {show(kept)} of the last one: a momentum of {show(kept)} {set_to}?"
    if not rule.momentum:
        return None
    taken = float((step - rule.momentum * v) @ g / (g @ g))
    moved = {n: before[n] - rule.lr * (rule.momentum * velocity[n] + taken * gradients[n]) for n in names}
    if is_believable(round(taken, 9), [g]) and explained(evidence, moved):
        return f"the velocity takes in {show(taken)} of the gradient: a dampening of {show(1 - taken)}?"
    return None


def nesterov(evidence: Evidence) -> str | None:
    """A step that looks ahead, g + momentum v in place of v."""
    rule = rule_of(evidence.config)
    if not isinstance(rule, SGD):
        return None
    for m in (rule.momentum, 0.9, 0.99, 0.5, 0.95):
        if m and _gives(evidence, _anew(rule, momentum=m, nesterov=True)):
            return f"the step is g + {show(m)} v where v belongs: Nesterov's momentum?"
    return None


def averaged_gradients(evidence: Evidence) -> str | None:
    """A velocity that is an average, v = momentum v + (1 - momentum) g, from its first step on."""
    rule = rule_of(evidence.config)
    for m in (getattr(rule, "momentum", 0.0), 0.9, 0.99, 0.95):
        if m and isinstance(rule, SGD) and _gives(evidence, _Averaged(rule.lr, m)):
            average = f"v = {show(m)} v + {show(1 - m)} g"
            return f"the velocity takes in {show(1 - m)} of each gradient: an average, {average}?"
    return None


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
        "SGD with momentum 0.9": SGD(lr, 0.9),
        "Adam": Adam(lr),
        "RMSprop": RMSprop(lr),
        "Adagrad": _Adagrad(lr),
        "the gradient's sign alone": _Sign(lr),
        "the gradient over its norm": _Unit(lr),
        "the gradient over the norm of all gradients": _Unit(lr, together=True),
    }
    for words, rule in others.items():
        if type(rule) is not type(own) or rule != own:
            if _gives(evidence, rule):
                return f"the steps are those of {words}: another rule of update?"
            for variant, changed in _variants(rule):
                if type(rule) is not type(own) and _gives(evidence, changed):
                    return f"the steps are those of {words} {variant}: another rule of update?"
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
            yield f"with a weight decay of {decay:g} in the gradient", _Decayed(rule, decay)


def _anew(rule: Rule, **numbers: Any) -> Any:
    """The rule with other numbers, and nothing remembered."""
    memory = {one.name: {} for one in fields(rule) if one.default_factory is dict}  # type: ignore[arg-type]
    return replace(rule, **memory, **numbers)  # type: ignore[type-var]


def _history(evidence: Evidence) -> list[Any]:
    """The level's steps from the first to this one; this one alone where those between are not known."""
    steps = range(evidence.step + 1)
    known = set(steps) <= set(evidence.reference) and set(steps) <= set(evidence.level)
    return [evidence.reference[k] for k in steps] if known else []


def _gives(evidence: Evidence, rule: Rule, *, rests: bool = True) -> bool:
    """Whether `rule`, from its start, makes the level's parameters of this step and the steps before."""
    history, rule = _history(evidence), _anew(rule)
    for k, step in enumerate(history):
        before = evidence.level[k].before
        used = {n: g for n, g in step.gradients.items() if g.any()} if rests else step.gradients
        moved = rule.step(before, used)
        if k == evidence.step:
            return explained(evidence, moved)
        if any(not _alike(before[n], moved[n], evidence.level[k].after[n]) for n in moved if n in before):
            return False
    return False


def _alike(before: Float64, predicted: Float64, found: Float64) -> bool:
    """Equal to rounding, measured by the parameter and not by the small step."""
    return bool(np.allclose(predicted, found, rtol=0, atol=1e-9 * max(1e-300, float(np.abs(before).max()))))


def _velocity(rule: SGD, history: list[Any]) -> Arrays | None:
    """What plain SGD's momentum would remember: the last step's velocity, for momentum 0 its gradient."""
    velocity: dict[str, Float64] = {}
    for step in history:
        for name, g in step.gradients.items():
            if g.any():
                velocity[name] = rule.momentum * velocity.get(name, 0.0) + g
    return velocity or None


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
