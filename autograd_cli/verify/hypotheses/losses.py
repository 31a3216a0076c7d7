"""Another loss than the sum or the mean of squared errors, of the same predictions."""

from collections.abc import Mapping

import numpy as np

from autograd_cli.verify.evidence import Evidence
from autograd_cli.verify.hypotheses.fit import Float64, explained
from autograd_cli.verify.hypotheses.rerun import rerun

# Each error costs a run of the reference's program on one row.
_MOST_ERRORS = 4096


def root(evidence: Evidence) -> str | None:
    """A norm of the errors where their squares belong."""
    rows, entries = len(evidence.problem.y), evidence.problem.y.size
    for words, n in {
        "the root of the reference's": 1.0,
        f"the root of the reference's over {rows}": 1 / rows,
        f"the root of the reference's over {entries}": 1 / entries,
        f"the root of {rows} times the reference's": rows,
    }.items():
        if explained(evidence, {"": np.sqrt(n * evidence.expected)}):
            return f"it is {words}: a norm where squares belong?"
    return None


def other_loss(evidence: Evidence) -> str | None:
    """Something else than their squares of the errors, or something else than all squares' sum or mean."""
    errors = _errors(evidence)
    if errors is None:
        return None
    for words, terms in _terms(errors).items():
        for end, value in {"": terms.sum(), ", averaged,": terms.mean()}.items():
            if explained(evidence, {"": np.asarray(value)}):
                return f"it is what {words}{end} would be?"
    return None


def _errors(evidence: Evidence) -> Float64 | None:
    """The predictions less the targets (N, D_out), as the loss tells them: (e - 1)² - e² = 1 - 2e."""
    x, y = evidence.problem.x, evidence.problem.y
    if len(x) != len(y) or y.size > _MOST_ERRORS:
        return None
    errors = np.empty(y.shape).reshape(len(y), -1)
    for i, row in enumerate(errors):
        xs, ys = x[i : i + 1], y[i : i + 1]
        square = rerun(evidence, x=xs, y=ys)[""]
        for column in range(len(row)):
            moved = ys.copy()
            moved.flat[column] += 1
            row[column] = (1 - float(rerun(evidence, x=xs, y=moved)[""] - square)) / 2
    return errors


def _terms(errors: Float64) -> Mapping[str, Float64]:
    """What might be added up, or averaged."""
    magnitude, squares = np.abs(errors), np.square(errors)
    return {
        "absolute errors": magnitude,
        "Huber's loss": np.where(magnitude <= 1, squares / 2, magnitude - 0.5),
        "the log cosh of the errors": np.logaddexp(errors, -errors) - np.log(2),
        "fourth powers of the errors": squares**2,
        "errors without a square": errors,
        "the square of the errors' sum": np.atleast_1d(errors.sum() ** 2),
        "the square of the errors' mean": np.atleast_1d(errors.mean() ** 2),
        "the squares of each row's sum": np.square(errors.sum(1)),
        "the squares of each row's mean": np.square(errors.mean(1)),
        "the squares of the first output alone": squares[:, 0],
        "the squares of the last output alone": squares[:, -1],
        "the largest square alone": np.atleast_1d(squares.max()),
        "the median of the squares": np.atleast_1d(np.median(squares)),
        "the norm of each row": np.sqrt(squares.sum(1)),
    }
