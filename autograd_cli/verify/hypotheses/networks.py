"""The mlp's network with one thing changed: its activation, its mask, or the way back through it."""

from collections.abc import Callable, Mapping
from itertools import chain, islice
from math import erf

import numpy as np

from autograd_cli.verify.evidence import Arrays, Evidence
from autograd_cli.verify.hypotheses.fit import Float64, explained, told
from autograd_cli.verify.hypotheses.precision import CASTS

Entrywise = Callable[[Float64], Float64]
Back = Callable[[Float64, Float64], Float64]


def _sigmoid(h: Float64) -> Float64:
    return 1 / (1 + np.exp(-h))


def _relu(h: Float64) -> Float64:
    return np.maximum(h, 0)


def _softmax(z: Float64) -> Float64:
    return np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True))


def _mask(grad: Float64, h: Float64) -> Float64:
    return grad * (h > 0)


ACTIVATIONS: Mapping[str, Entrywise] = {
    "no ReLU": lambda h: h,
    "a sigmoid for the ReLU": _sigmoid,
    "tanh for the ReLU": np.tanh,
    "a leaky ReLU (0.01)": lambda h: np.maximum(h, 0.01 * h),
    "a leaky ReLU (0.1)": lambda h: np.maximum(h, 0.1 * h),
    "a leaky ReLU (0.2)": lambda h: np.maximum(h, 0.2 * h),
    "ELU for the ReLU": lambda h: np.maximum(h, np.expm1(np.minimum(h, 0))),
    "SiLU for the ReLU": lambda h: h * _sigmoid(h),
    "softplus for the ReLU": lambda h: np.logaddexp(h, 0),
    "GELU (of tanh) for the ReLU": lambda h: (
        0.5 * h * (1 + np.tanh(np.sqrt(2 / np.pi) * (h + 0.044715 * h**3)))
    ),
    "GELU for the ReLU": lambda h: 0.5 * h * (1 + np.vectorize(erf)(h / np.sqrt(2))),
    "ReLU6 for the ReLU": lambda h: np.clip(h, 0, 6),
    "an absolute value for the ReLU": np.abs,
    "a square for the ReLU": np.square,
    "the ReLU turned round": lambda h: np.minimum(h, 0),
}
OUTPUTS: Mapping[str, Entrywise] = {
    "a ReLU on the output": _relu,
    "a sigmoid on the output": _sigmoid,
    "tanh on the output": np.tanh,
    "a softmax on the output": _softmax,
}
MASKS: Mapping[str, Back] = {
    "no mask: ReLU's derivative left out": lambda grad, _: grad,
    "a clamp for the mask: the gradient is cut at 0, where h > 0 should decide": lambda grad, _: _relu(grad),
    "a clamp beside the mask: the gradient is cut at 0 as well": lambda grad, h: _relu(grad) * (h > 0),
    "the mask turned round: h < 0 for h > 0": lambda grad, h: grad * (h <= 0),
    "h for the mask: a product with the activation": lambda grad, h: grad * _relu(h),
    "the mask of a leaky ReLU (0.01)": lambda grad, h: grad * np.where(h > 0, 1, 0.01),
    "the mask of a leaky ReLU (0.1)": lambda grad, h: grad * np.where(h > 0, 1, 0.1),
    "a sigmoid's derivative for ReLU's": lambda grad, h: grad * _sigmoid(h) * (1 - _sigmoid(h)),
    "tanh's derivative for ReLU's": lambda grad, h: grad * (1 - np.tanh(h) ** 2),
    "the gradient of h rounded to float32": lambda grad, h: CASTS["float32"](_mask(grad, h)),
    "the gradient of h rounded to float16": lambda grad, h: CASTS["float16"](_mask(grad, h)),
    "the gradient of h rounded to bfloat16": lambda grad, h: CASTS["bfloat16"](_mask(grad, h)),
}


def other_activation(evidence: Evidence) -> str | None:
    """A function other than ReLU between the layers, none, or one too many."""
    changed = chain(
        ((words, network(evidence, activation)) for words, activation in ACTIVATIONS.items()),
        ((words, network(evidence, output=output)) for words, output in OUTPUTS.items()),
    )
    return told(words for words, loss in changed if explained(evidence, loss))


def other_mask(evidence: Evidence) -> str | None:
    """ReLU's derivative is 1 where h > 0, whatever the gradient is: something else on the way back."""
    return told(words for words, mask in MASKS.items() if explained(evidence, network(evidence, mask=mask)))


def other_way_back(evidence: Evidence) -> str | None:
    """The right derivative of ReLU, and something else about the way back."""
    if explained(evidence, network(evidence, add_up=lambda grad: grad.sum(1))):
        return "it is what it would be with the bias's gradient summed over the wrong axis?"
    p = evidence.reference[evidence.step].before
    for name in (name for name in p if p[name].shape == p[name].T.shape):
        if explained(evidence, network(evidence, weights_back={name: p[name].T})):
            return f"it is what it would be with {name} transposed on the way back: a .T too many or too few?"
    for step in (evidence.step - 1, 0):
        old = evidence.reference[step].before
        if explained(evidence, network(evidence, weights_back=old)):
            return f"it is what it would be on a way back through the weights of step {step}: old ones?"
    return None


def counted_once(evidence: Evidence) -> str | None:
    """A layer that ran several times, with less than the sum of its gradients."""
    for words, choose in {
        "its last time alone": lambda parts: parts[0],
        "its first time alone": lambda parts: parts[-1],
        "the mean of its times": lambda parts: sum(parts) / len(parts),
    }.items():
        if explained(evidence, network(evidence, choose=choose)):
            return f"it is the gradient of {words}, where all times that the layer ran add up?"
    return None


def network(
    evidence: Evidence,
    activation: Entrywise = _relu,
    *,
    mask: Back = _mask,
    output: Entrywise = lambda y_pred: y_pred,
    choose: Callable[[list[Float64]], Float64] = sum,  # type: ignore[assignment]
    add_up: Callable[[Float64], Float64] = lambda grad: grad.sum(0),
    weights_back: Arrays | None = None,
) -> Arrays:
    """The loss, or the gradients, of this step.

    Args:
        evidence: where two programs part.
        activation: between the layers.
        mask: from the gradient of an activation and its input h to the gradient of h.
        output: of the last layer's sums.
        choose: of a layer's gradients, one for each time that it ran, the last time first.
        add_up: the gradient of a bias, given that of the layer's sums.
        weights_back: in place of the weights on the way back.

    Raises:
        KeyError: if the parameters are not those of an mlp.

    """
    p = evidence.reference[evidence.step].before
    x, y = evidence.problem.x, evidence.problem.y
    depth = next(islice(evidence.problem.choices(4), evidence.step, None)) if "w_middle" in p else 0
    ran = []
    z = x
    for layer in ["1", *["_middle"] * depth]:
        h = z @ p["w" + layer] + p.get("b" + layer, 0.0)
        ran.append((layer, z, h))
        z = activation(h)
    errors = output(z @ p["w2"] + p.get("b2", 0.0)) - y
    if evidence.what == "loss":
        return {"": np.asarray(np.square(errors).sum())}
    back = {**p, **(weights_back or {})}
    grad = 2 * errors
    parts: dict[str, list[Float64]] = {name: [] for name in p}
    parts["w2"], parts["b2"] = [z.T @ grad], [add_up(grad)]
    grad = grad @ back["w2"].T
    for layer, z, h in reversed(ran):
        grad = mask(grad, h)
        parts["w" + layer].append(z.T @ grad)
        parts.setdefault("b" + layer, []).append(add_up(grad))
        grad = grad @ back["w" + layer].T
    return {name: choose(parts[name]) if parts[name] else np.zeros_like(p[name]) for name in p}
