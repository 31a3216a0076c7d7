"""Other data than the task's, or other draws: the reference's own program is asked what these would give."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations
from typing import Any

import numpy as np

from autograd_cli.verify.evidence import Evidence
from autograd_cli.verify.hypotheses.fit import Float64, told
from autograd_cli.verify.hypotheses.rerun import explained_by_rerun, make_of, rerun

_MOST_PATHS = 8

# What is done, in words, and what it changes for `rerun`.
_Case = tuple[str, dict[str, Any]]


def other_data(evidence: Evidence) -> str | None:
    """Rows left out or matched wrongly, or data scaled in a way that the task does not."""
    return told(words for words, changes in _data(evidence) if explained_by_rerun(evidence, **changes))


def other_data_or_parameters(evidence: Evidence) -> str | None:
    """The same, or a parameter transposed, left out, doubled or taken for another."""
    cases = chain(_parameters(evidence), _data(evidence))
    return told(words for words, changes in cases if explained_by_rerun(evidence, **changes))


def own_data(evidence: Evidence) -> str | None:
    """The data that the task makes for these settings or a seed, where other data were handed over."""
    make = make_of(evidence)
    for words, config in (("these settings", evidence.config), ("seed=0", replace(evidence.config, seed=0))):
        made = make(config)
        for names in (("x",), ("y",), ("x", "y")):
            if explained_by_rerun(evidence, **{name: getattr(made, name) for name in names}):
                what = f"the task's {' and '.join(names)} for {words}"
                return f"it is what it would be with {what}: data of its own?"
    return None


def other_path(evidence: Evidence) -> str | None:
    """A model that chooses its path: another than was drawn."""
    drawn: list[int] = []
    rerun(evidence, choose=lambda choice: drawn.append(choice) or choice)  # type: ignore[func-returns-value]
    for path in range(-1, _MOST_PATHS) if drawn else ():
        if explained_by_rerun(evidence, choose=lambda _, path=path: path):
            loop = "goes too far" if path > drawn[0] else "ends too early"
            return (
                f"it is what it would be on path {path}, where {drawn[0]} was drawn: "
                f"other draws, or a loop that {loop}?"
            )
    return None


def _parameters(evidence: Evidence) -> Iterator[_Case]:
    before = evidence.reference[evidence.step].before
    for name, p in before.items():
        if p.ndim == 2 and p.shape[0] == p.shape[1]:
            yield f"{name} transposed", {"parameters": {name: p.T}}
        else:
            for array in (p.reshape(p.shape[::-1]).T, p.T.reshape(p.shape)):
                yield f"{name} reshaped where it should be transposed", {"parameters": {name: array}}
        for words, factor in (("left out", 0), ("with the opposite sign", -1), ("twice", 2)):
            yield f"{name} {words}", {"parameters": {name: factor * p}}
    for one, other in combinations(before, 2):
        if before[one].shape == before[other].shape:
            swapped = {one: before[other], other: before[one]}
            yield f"{one} for {other}, and {other} for {one}", {"parameters": swapped}


def _data(evidence: Evidence) -> Iterator[_Case]:
    x, y = evidence.problem.x, evidence.problem.y
    yield from _fewer_rows(x, y)
    yield from _other_rows(x, y)
    yield from _other_values(x, y)


def _fewer_rows(x: Float64, y: Float64) -> Iterator[_Case]:
    if len(x) != len(y) or len(x) < 2:
        return
    half = len(x) // 2
    for words, kept in (
        ("the last row left out", slice(None, -1)),
        ("the first row left out", slice(1, None)),
        ("the first row alone", slice(1)),
        ("the last row alone", slice(-1, None)),
        (f"the first {half} rows alone", slice(half)),
        (f"the last {len(x) - half} rows alone", slice(half, None)),
    ):
        yield words, {"x": x[kept], "y": y[kept]}


def _other_rows(x: Float64, y: Float64) -> Iterator[_Case]:
    for shift in (1, -1):
        yield f"y shifted by one row against x ({shift:+d})", {"y": np.roll(y, shift, 0)}
        if y.ndim == 2:
            yield f"the columns of y shifted by one ({shift:+d})", {"y": np.roll(y, shift, 1)}
        if x.ndim == 2:
            yield f"the columns of x shifted by one ({shift:+d})", {"x": np.roll(x, shift, 1)}
    yield "the rows of y in reverse", {"y": y[::-1]}
    for name, array in (("x", x), ("y", y)):
        if array.ndim == 2:
            yield f"the columns of {name} in reverse", {name: array[:, ::-1]}
            square = array.shape[0] == array.shape[1]
            words = "transposed" if square else "reshaped where it should be transposed"
            yield f"{name} {words}", {name: array.T if square else array.T.reshape(array.shape)}
            if not square:
                yield f"{name} {words}", {name: array.reshape(array.shape[::-1]).T}
    if len(x) == len(y) and (y.ndim == 1 or y.shape[1] == 1):
        every = {"x": np.repeat(x, len(y), 0), "y": np.tile(y, (len(x), *[1] * (y.ndim - 1)))}
        yield "each prediction against every target: (N, 1) against (N,)", every


def _other_values(x: Float64, y: Float64) -> Iterator[_Case]:
    yield "targets of 0", {"y": np.zeros_like(y)}
    yield "y with the opposite sign", {"y": -y}
    yield "x with the opposite sign", {"x": -x}
    yield "1 - y for y", {"y": 1 - y}
    if x.shape == y.shape:
        yield "y for x", {"x": y}
        yield "x for y", {"y": x}
    yield "x of 1 throughout", {"x": np.ones_like(x)}
    for name, array in (("x", x), ("y", y)):
        for axis, words in ((0, "each column"), (None, "all of it"), (1, "each row")):
            if axis is not None and (array.ndim < 2 or array.shape[1] == 1):
                continue
            centre = array - array.mean(axis, keepdims=True)
            low, high = array.min(axis, keepdims=True), array.max(axis, keepdims=True)
            of = f"{name}, {words} by itself," if axis is not None else name
            yield f"{of} shifted to mean 0", {name: centre}
            yield f"{of} scaled to mean 0 and deviation 1", {name: centre / array.std(axis, keepdims=True)}
            if (array.size if axis is None else array.shape[axis]) > 1:
                deviation = array.std(axis, ddof=1, keepdims=True)
                yield f"{of} scaled to mean 0 and deviation 1 (of N - 1)", {name: centre / deviation}
            yield f"{of} scaled to [0, 1]", {name: (array - low) / (high - low)}
            norm = np.sqrt(np.square(array).sum(axis, keepdims=True))
            yield f"{of} scaled to norm 1", {name: array / norm}
        for step in (1.0, -1.0):
            yield f"{name} {step:+g}", {name: array + step}
        yield f"{name} divided by 255", {name: array / 255}
        if array.ndim == 1 and len(array) > 2 and np.allclose(np.diff(array, 2), 0):
            ends = (array[0], array[-1])
            yield f"{name} without its end point", {name: np.linspace(*ends, len(array), endpoint=False)}
