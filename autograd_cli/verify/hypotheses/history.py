"""What belongs to another step, or to several."""

from dataclasses import replace

import numpy as np

from autograd_cli.verify.evidence import Evidence
from autograd_cli.verify.hypotheses.fit import (
    arrays_of,
    explained,
    is_believable,
    is_round,
    ratio,
    same_names,
    show,
    sides,
)
from autograd_cli.verify.hypotheses.rerun import explained_by_rerun, replay

_REPLAYED = 8


def of_the_step_before(evidence: Evidence) -> str | None:
    """A value that was not computed anew."""
    if not explained(evidence, arrays_of(evidence, evidence.reference[evidence.step - 1])):
        return None
    return f"it is the reference's of step {evidence.step - 1}: not computed anew?"


def of_the_step_after(evidence: Evidence) -> str | None:
    """A loss that is taken after the update that it belongs before."""
    if evidence.step >= _REPLAYED:
        return None
    after = replay(evidence, evidence.config, {}, evidence.step + 2)
    if not explained(evidence, arrays_of(evidence, after)):
        return None
    return f"it is the reference's of step {evidence.step + 1}: updated before it is recorded?"


def sum_so_far(evidence: Evidence) -> str | None:
    """Everything since the start added up, or its mean; for gradients, this step's and the last's."""
    sums = {
        "it is the sum of this step's and the last's": range(evidence.step - 1, evidence.step + 1),
        "it is the sum of all steps' so far": range(evidence.step + 1),
    }
    for words, added in sums.items():
        rows = [arrays_of(evidence, evidence.reference[k]) for k in added]
        total = {name: np.sum([row[name] for row in rows], axis=0) for name in rows[0]}
        end = "never zeroed?" if evidence.what == "gradient" else "never started anew?"
        if explained(evidence, total):
            return f"{words}: {end}"
        if explained(evidence, {name: array / len(added) for name, array in total.items()}):
            return f"{words.replace('sum', 'mean')}: an average over steps?"
    return None


def velocity_for_gradient(evidence: Evidence) -> str | None:
    """The sum of this step's and a share of the last's."""
    found, expected = sides(evidence)
    earlier = same_names(arrays_of(evidence, evidence.reference[evidence.step - 1]), expected)
    share = ratio([found[name] - expected[name] for name in expected], earlier.values())
    predicted = {name: expected[name] + share * earlier[name] for name in expected}
    if not (is_believable(share, earlier.values()) and explained(evidence, predicted)):
        return None
    return (
        f"it is the reference's and {show(share)} of the last step's: a momentum where the gradient belongs?"
    )


def from_an_old_parameter(evidence: Evidence) -> str | None:
    """Computed with a parameter that has been updated since."""
    places = {"of the step before": evidence.step - 1, "of the start": 0}
    for words, step in places.items():
        old = evidence.reference[step].before
        for names in ([name] for name in old):
            if explained_by_rerun(evidence, parameters=same_names(old, names)):
                return f"it is what it would be with {names[0]} {words}: a copy that update() does not reach?"
        if explained_by_rerun(evidence, parameters=old):
            return f"it is what it would be with all parameters {words}: copies that update() does not reach?"
    return None


def an_extra_bias(evidence: Evidence) -> str | None:
    """A bias that starts at 0, so that it shows after the first step."""
    config = evidence.config
    if config.options.get("bias") is not False or evidence.step != 1:
        return None
    with_biases = replace(config, options={**config.options, "bias": True})
    zeros = {name: np.zeros_like(p) for name, p in evidence.problem.start.items() if name.startswith("b")}
    trained = replay(evidence, with_biases, zeros, 1).after
    used = [name for name in zeros if name in trained]
    for names in (used, *([name] for name in used)):
        biases = zeros | {name: trained[name] for name in names}
        if explained_by_rerun(evidence, parameters=biases, config=with_biases):
            return f"it is what it would be with a bias that starts at 0 ({', '.join(names)}): one too many?"
    return None


def penalty(evidence: Evidence) -> str | None:
    """A multiple of the parameters in the gradient, or of their squares in the loss."""
    p = evidence.reference[evidence.step].before
    found, expected = sides(evidence)
    if evidence.what == "loss":
        square = sum(float((array**2).sum()) for array in p.values())
        added = float(found[""] - expected[""]) / square
        if not is_round(added):
            return None
        return f"it is the reference's and {show(added)} times the parameters' squares: a penalty on weights?"
    for some in (list(expected), [evidence.name]):
        share = ratio([found[n] - expected[n] for n in some], [p[n] for n in some])
        predicted = {n: expected[n] + share * p[n] for n in some}
        if is_believable(share, [p[n] for n in some]) and explained(evidence, predicted):
            which = "the parameters" if len(some) > 1 else "the parameter"
            facts = f"it is the reference's and {show(share)} times {which}"
            return f"{facts}: a penalty on weights, or weight decay?"
    return None
