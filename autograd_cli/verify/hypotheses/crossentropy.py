"""The softmax task with one thing changed: the cross-entropy, what is normalised, or the way back."""

from collections.abc import Mapping

import numpy as np

from autograd_cli.verify.evidence import Evidence
from autograd_cli.verify.hypotheses.fit import Float64, explained, told


def other_cross_entropy(evidence: Evidence) -> str | None:
    """The loss of other outputs, or another loss of these."""
    z = _sums(evidence)
    if z is None:
        return None
    y, p = evidence.problem.y, _softmax(z)
    sigmoid, n = 1 / (1 + np.exp(-z)), len(z)
    rest = -(1 - y) * np.log(1 - p)
    losses = {
        "the labels' part alone, -Σ y log p": -y * np.log(p),
        "the part without the labels alone": rest,
        "a sigmoid for the softmax": -y * np.log(sigmoid) - (1 - y) * np.log(1 - sigmoid),
        "a softmax of the softmax": _binary(y, _softmax(p)),
        "squared errors for the cross-entropy": np.square(p - y),
        "a softmax to the base 2": _binary(y, _softmax(z * np.log(2))),
        "labels smoothed by 0.1": _binary(0.9 * y + 0.1 / n, p),
    }
    return told(
        words + end
        for words, terms in losses.items()
        for end, value in {"": terms.mean(), ", summed": terms.sum()}.items()
        if explained(evidence, {"": np.asarray(value)})
    )


def other_way_back(evidence: Evidence) -> str | None:
    """The derivative of something else: of the cross-entropy of classes, or without the softmax's own."""
    z = _sums(evidence)
    if z is None:
        return None
    y, p, n = evidence.problem.y, _softmax(z), len(z)
    by_p = (p - y) / (p * (1 - p)) / n
    ends = {"": 1.0, ", without 1/n": float(n)}
    return told(
        words + end
        for words, grad in _ways(y, p, by_p).items()
        for end, factor in ends.items()
        if explained(evidence, {"w": np.outer(evidence.problem.x, factor * grad), "b": factor * grad})
    )


def _ways(y: Float64, p: Float64, by_p: Float64) -> Mapping[str, Float64]:
    return {
        "p - y, the derivative for labels that sum to 1": p - y,
        "(p - y)/n, the derivative through a sigmoid or the softmax's diagonal alone": (p - y) / len(p),
        "the derivative by p: the softmax's own is left out": by_p,
        "the softmax's sum taken for a constant": by_p * p,
        "the labels' part alone": p * y.sum() / len(p) - y / len(p),
    }


def _sums(evidence: Evidence) -> Float64 | None:
    """Z = x w + b of one example (D_out,); None where the task is another."""
    if evidence.config.task != "softmax":
        return None
    p = evidence.reference[evidence.step].before
    return np.asarray(evidence.problem.x @ p["w"] + p["b"])


def _softmax(z: Float64) -> Float64:
    return np.asarray(np.exp(z - np.logaddexp.reduce(z)))


def _binary(y: Float64, p: Float64) -> Float64:
    return np.asarray(-y * np.log(p) - (1 - y) * np.log(1 - p))
