"""From the right gradients to the wrong parameters: what of the rule of update is another."""

from collections.abc import Mapping
from math import isclose

import numpy as np

from autograd_cli.contract.arrays import size_of
from autograd_cli.verify.evidence import Arrays, Evidence
from autograd_cli.verify.hypotheses.factors import name_of_factor
from autograd_cli.verify.hypotheses.fit import (
    Float64,
    explained,
    fits,
    is_believable,
    is_round,
    pool,
    ratio,
    show,
)
from autograd_cli.verify.hypotheses.networks import network
from autograd_cli.verify.rules import SGD, rule_of


def not_trained(evidence: Evidence) -> str | None:
    """A parameter that update() leaves as it is."""
    if not fits(evidence, _befores(evidence)[evidence.name]):
        return None
    if any(move.any() for move in _moves(evidence).values()):
        return "it is as it was before: not trained, or updated as a copy?"
    return "no parameter is changed by update()?"


def uphill(evidence: Evidence) -> str | None:
    """A step in the gradient's own direction."""
    before, moves = _befores(evidence), _right_moves(evidence)
    if not explained(evidence, {name: before[name] + move for name, move in moves.items()}):
        return None
    return "the step is the reference's with the opposite sign: uphill in place of downhill?"


def old_gradient(evidence: Evidence) -> str | None:
    """A step down the gradient of the step before."""
    earlier = evidence.reference.get(evidence.step - 1)
    if earlier is None:
        return None
    before, lr = _befores(evidence), evidence.config.lr
    if explained(evidence, {n: before[n] - lr * g for n, g in earlier.gradients.items()}):
        return f"the step is that of the gradient of step {evidence.step - 1}: a stale one?"
    return None


def learning_rate(evidence: Evidence) -> str | None:
    """The right direction, and another length."""
    before, moves, right = _befores(evidence), _moves(evidence), _right_moves(evidence)
    for names in (list(right), [evidence.name]):
        factor = ratio([moves[name] for name in names], [right[name] for name in names])
        predicted = {name: before[name] - factor * right[name] for name in names}
        if show(factor) in ("-1", "0", "1") or not explained(evidence, predicted):
            continue
        words, guess = name_of_factor(evidence, factor)
        if guess is None and not is_believable(factor, [right[name] for name in names]):
            return None
        which = ", all parameters alike" if len(names) > 1 else ""
        lr = evidence.config.lr
        since = ", as it was until now" if evidence.step else ""
        facts = f"the step is {words} times as long{which}"
        if guess is None and not (is_round(factor) or is_round(factor * lr)):
            return f"{facts}, by a factor that nobody would write"
        guesses = [f"a learning rate of {show(factor * lr)} where {show(lr)} is set{since}"]
        guesses += [guess] if guess and guess.startswith(("a mean", "a sum")) else []
        # At the first step the two cannot be told apart.
        ahead = [m for m in (0.9, 0.95, 0.99) if isclose(factor, 1 + m) and not evidence.step]
        guesses += [f"Nesterov's momentum of {m}" for m in ahead]
        guesses += ["two steps in place of one"] if isclose(factor, 2) else []
        return f"{facts}: {', or '.join(guesses)}?"
    return None


def old_weights_back(evidence: Evidence) -> str | None:
    """The gradient of w1 through a w2 that has been updated already."""
    after, before, lr = evidence.level[evidence.step].after, _befores(evidence), evidence.config.lr
    for name in before:
        gradients = network(evidence, weights_back={name: after[name]})
        moved = {n: before[n] - lr * g for n, g in gradients.items()}
        if explained(evidence, moved):
            return f"the step is that of a gradient through the new {name}: updated before it was used?"
    return None


def of_another_array(evidence: Evidence) -> str | None:
    """The step of another parameter, or this one's transposed."""
    before, right = _befores(evidence)[evidence.name], _right_moves(evidence)
    for name, move in right.items():
        if move.shape == before.shape and fits(evidence, before - move):
            return f"the step is that of {name}: one gradient for another?"
    move = right[evidence.name]
    if fits(evidence, before - move.T):
        return "the step is the reference's transposed: the gradient the wrong way round?"
    return None


def weight_decay(evidence: Evidence) -> str | None:
    """A share of the parameter itself, taken off beside the gradient's."""
    before, lr = _befores(evidence), evidence.config.lr
    found, expected = evidence.level[evidence.step].after, evidence.reference[evidence.step].after
    weights = [name for name in before if before[name].ndim > 1]
    for some in (list(before), weights, [evidence.name]):
        share = ratio([expected[n] - found[n] for n in some], [lr * before[n] for n in some])
        predicted = {n: expected[n] - share * lr * before[n] for n in some}
        if is_believable(share, [before[n] for n in some]) and explained(evidence, predicted):
            of = "the parameters" if len(some) > 1 else some[0]
            return f"the step takes off {show(share)} lr times {of} as well: a weight decay?"
    return None


def clipped_gradient(evidence: Evidence) -> str | None:
    """A step down a gradient that was cut, by value or by norm."""
    before, moves, right = _befores(evidence), _moves(evidence), _right_moves(evidence)
    lr, rule = evidence.config.lr, rule_of(evidence.config)
    # Of other rules, and where there is a velocity, a step is not the gradient's multiple.
    if not isinstance(rule, SGD) or (rule.momentum and evidence.step):
        return None
    bound = max(float(np.abs(move).max()) for move in moves.values()) / lr
    cut = {name: before[name] - np.clip(move, -bound * lr, bound * lr) for name, move in right.items()}
    noise = 1e-15 * max(map(size_of, before.values())) / (lr * bound)
    if _is_round(bound, noise) and explained(evidence, cut):
        return f"no entry of the gradient counts for more than {show(bound)}: clipped by value?"
    norm = float(np.linalg.norm(pool(moves.values()))) / lr
    factor = ratio(moves.values(), right.values())
    shorter = {name: before[name] - factor * move for name, move in right.items()}
    if 0 < factor < 1 and _is_round(norm, noise) and explained(evidence, shorter):
        return f"the gradients count as if their norm were {show(norm)}: clipped by norm?"
    return None


def bounded(evidence: Evidence) -> str | None:
    """A parameter kept within bounds after the step."""
    expected = evidence.expected
    high, low = float(evidence.found.max()), float(evidence.found.min())
    for bounds in ((-max(high, -low), max(high, -low)), (low, np.inf), (-np.inf, high)):
        cut = np.clip(expected, *bounds)
        n = int((cut != expected).sum())
        if (n > 1 or any(is_round(b) for b in bounds) or 0.0 in bounds) and fits(evidence, cut):
            return f"it is the reference's kept within {show(bounds[0])} and {show(bounds[1])}: clamped?"
    return None


def _is_round(number: float, noise: float) -> bool:
    """Whether a person would have written a number that is known up to a relative `noise`."""
    return noise < 1e-6 and isclose(float(f"{number:.2g}"), number, rel_tol=max(noise, 1e-9))


def _befores(evidence: Evidence) -> Arrays:
    return evidence.level[evidence.step].before


def _moves(evidence: Evidence) -> Mapping[str, Float64]:
    """What the level's update() took off."""
    step = evidence.level[evidence.step]
    return {name: step.before[name] - after for name, after in step.after.items()}


def _right_moves(evidence: Evidence) -> Mapping[str, Float64]:
    """What the reference's update() took off."""
    step = evidence.reference[evidence.step]
    return {name: step.before[name] - after for name, after in step.after.items()}
