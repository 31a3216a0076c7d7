"""Where an explanation ends: the numbers next to those that a hypothesis is true of."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autograd_cli.verify.evidence import Evidence
from autograd_cli.verify.hypotheses import (
    arrays,
    data,
    explain,
    factors,
    fit,
    history,
    networks,
    rerun,
    updates,
)
from tests.verify.evidence import evidence_of, other_gradients, other_loss, parted


@pytest.mark.parametrize("length", [0.02, 5.0])
def test_clipped_as_torch_clips(length: float) -> None:
    """clip_grad_norm_ divides by the norm and a millionth, which shows where the norm is small."""
    evidence = evidence_of("mlp", "gradient")
    gradients = evidence.level[0].gradients
    norm = np.sqrt(sum(np.square(g).sum() for g in gradients.values()))
    clipped = parted(evidence, lambda g: g * (length / (norm + 1e-6)))
    assert f"all arrays together have the norm {length:g}," in str(arrays.clipped_by_norm(clipped))


def test_rows_alike_in_an_array_of_one_row() -> None:
    """The axis that has more than one entry is the one that was averaged."""
    evidence = evidence_of("mlp", "gradient", D_in=1)
    alike = parted(evidence, lambda g: np.broadcast_to(g.mean(-1, keepdims=True), g.shape))
    assert "mean" in str(arrays.rows_alike(alike))


def test_a_minus_or_a_factor_that_was_minus_one() -> None:
    """Where a parameter is -1, forgetting it is as likely; where none is, it is not spoken of."""
    for start, said in ((-1.0, True), (1.0, False), (0.5, False)):
        evidence = evidence_of("sin", "gradient", b=start)
        words = str(factors.opposite_sign(parted(evidence, lambda g: -g)))
        assert words.startswith("it is the reference's with the opposite sign")
        assert ("or the factor b = -1 forgotten" in words) == said


def test_factors_are_told_to_rounding() -> None:
    """What is a millionth of a half off is no half, and a size of 1 is no word for a factor of 1."""
    evidence = evidence_of("mlp", "gradient", N=8, D_in=5, H=6, D_out=1)
    assert factors.name_of_factor(evidence, 0.5)[0] == "1/2"
    assert factors.name_of_factor(evidence, 0.5 * (1 + 1e-7)) == ("0.5", None)
    assert factors.name_of_factor(evidence, 1 / 8)[0] == "1/8 = 1/N"
    assert factors.name_of_factor(evidence, -2.0)[1] == "a factor 2 too many, with the opposite sign"


def test_small_arrays_are_judged_beside_the_large_ones() -> None:
    """An explanation of one array holds though a tiny one beside it has other rounding."""
    evidence = evidence_of("mlp", "gradient")
    right = dict(evidence.level[0].gradients)
    tiny = {name: g * (1e-6 if name == "w2" else 1) for name, g in right.items()}
    reference = other_gradients(evidence, tiny).level
    shown = {"w1": -tiny["w1"], "w2": tiny["w2"] * (1 + 1e-8)}
    level = {0: replace(reference[0], gradients=shown)}
    changed = replace(evidence, reference=reference, level=level, name="w1")
    assert fit.explained(changed, {"w1": -tiny["w1"]})
    rough = {0: replace(reference[0], gradients={"w1": -tiny["w1"], "w2": tiny["w2"] * 1.01})}
    assert not fit.explained(replace(changed, level=rough), {"w1": -tiny["w1"]})


def test_all_parameters_of_an_earlier_step() -> None:
    """A loss of the start's parameters at step 2 is that of copies of all of them, and not of one."""
    evidence = evidence_of("mlp", "loss", 2, lr=1e-3)
    said = str(history.from_an_old_parameter(other_loss(evidence, evidence.reference[0].loss)))
    assert said.startswith("it is what it would be with all parameters of the start: copies")
    said = str(history.from_an_old_parameter(other_loss(evidence, evidence.reference[1].loss)))
    assert said.startswith("it is what it would be with all parameters of the step before: copies")


@pytest.mark.parametrize(
    ("impl", "step", "asked"), [("numpy", 1, True), ("numpy", 2, False), ("numpy", 0, False)]
)
def test_an_extra_bias_shows_after_the_first_step(
    monkeypatch: pytest.MonkeyPatch, impl: str, step: int, asked: bool
) -> None:
    """Only there is it looked for, and only where the model has none."""
    replays: list[Any] = []
    original = rerun.replay

    def replay(*given: Any) -> Any:
        replays.append(given)
        return original(*given)

    monkeypatch.setattr(history, "replay", replay)
    evidence = evidence_of("mlp", "loss", step, impl)
    history.an_extra_bias(other_loss(evidence, evidence.reference[step].loss * 1.1))
    assert bool(replays) == asked
    linear = evidence_of("linear", "loss", 1)
    assert history.an_extra_bias(other_loss(linear, 1.0)) is None
    assert len(replays) == int(asked)


def test_data_of_two_rows_and_of_one() -> None:
    """Two numbers have a deviation of N - 1; one row is all that there is."""
    evidence = evidence_of("linear", "loss", N=2)
    x = evidence.problem.x
    scaled = replace(evidence.problem, x=(x - x.mean()) / x.std(ddof=1))
    loss = float(evidence.program(scaled, evidence.config).forward())
    assert "(of N - 1)" in str(data.other_data(other_loss(evidence, loss)))
    one = evidence_of("linear", "loss", N=1)
    with np.errstate(all="ignore"):
        assert data.other_data(other_loss(one, 12.345678)) is None


def stepped(evidence: Any, **factors_of_steps: float) -> Any:
    """The evidence of a level whose steps are so many times as long."""
    step = evidence.level[evidence.step]
    after = {
        name: step.before[name] + factors_of_steps.get(name, 1.0) * (p - step.before[name])
        for name, p in step.after.items()
    }
    name = next(iter(factors_of_steps))
    return replace(evidence, name=name, level={**evidence.level, evidence.step: replace(step, after=after)})


@pytest.mark.parametrize("factor", [1.9, 1.95, 1.99])
def test_a_first_step_that_may_have_looked_ahead(factor: float) -> None:
    """At the first step Nesterov's momentum is a longer step; later, and for other factors, it is not."""
    evidence = evidence_of("mlp", "parameter")
    said = str(updates.learning_rate(stepped(evidence, w1=factor, w2=factor)))
    assert f"or Nesterov's momentum of {factor - 1:g}?" in said
    assert "all parameters alike" in said
    assert "Nesterov" not in str(updates.learning_rate(stepped(evidence, w1=1.8, w2=1.8)))
    later = evidence_of("mlp", "parameter", 1)
    said = str(updates.learning_rate(stepped(later, w1=factor, w2=factor)))
    assert "Nesterov" not in said
    assert "as it was until now" in said


@pytest.mark.parametrize("size", [1.0, 1e-5])
def test_one_parameter_with_a_rate_of_its_own(size: float) -> None:
    """Be its step large or nothing beside the others', it is found by itself."""
    evidence = evidence_of("mlp", "parameter", lr=1e-3)
    steps = evidence.reference[0]
    after = {
        n: steps.before[n] + (size if n == "w1" else 1) * (p - steps.before[n])
        for n, p in steps.after.items()
    }
    changed = {0: replace(steps, after=after)}
    evidence = replace(evidence, reference=changed, level=dict(changed))
    said = str(updates.learning_rate(stepped(evidence, w1=1.7)))
    assert said.startswith("the step is 1.7 times as long: a learning rate of 0.0017 where 0.001 is set")


def test_a_parameter_that_is_kept_within_bounds() -> None:
    """To both sides alike, though only one of them was reached."""
    evidence = evidence_of("mlp", "parameter")
    right = evidence.expected
    bound = 0.9 * max(right.max(), -right.min())
    sign = 1 if right.max() > -right.min() else -1
    n = int((np.abs(right) > bound).sum())
    assert (sign * right > bound).sum() == n
    kept = parted(evidence, lambda p: np.clip(p, -round(bound, 2), round(bound, 2)))
    bound = round(bound, 2)
    assert f"kept within {-bound:.4g} and {bound:.4g}: clamped?" in str(updates.bounded(kept))


def test_numbers_that_are_known_to_a_few_digits_only() -> None:
    """What is left of a small step may be round; what is noise is nothing."""
    near = 0.5 * (1 + 1e-7)
    assert updates._is_round(near, 5e-7)
    assert not updates._is_round(near, 1e-12)
    assert updates._is_round(0.5 * (1 + 1e-10), 1e-12)
    assert not updates._is_round(0.5, 1e-5)


# --- arrays made to measure -------------------------------------------------------------------------


def of_gradients(found: Mapping[str, Any], expected: Mapping[str, Any]) -> Evidence:
    """The evidence of a level that shows these gradients; the first is the one that parts."""
    evidence = evidence_of("sin", "gradient")
    reference, level = (
        {0: replace(evidence.level[0], gradients={name: np.array(g, float) for name, g in side.items()})}
        for side in (expected, found)
    )
    return replace(evidence, name=next(iter(found)), reference=reference, level=level)


def test_zero_alone_or_as_all() -> None:
    """Whether the other arrays are zero as well is said."""
    right = {"a": [1.0, 2.0], "b": [3.0, 4.0]}
    assert str(arrays.all_zero(of_gradients({**right, "a": [0, 0]}, right))).startswith("it is 0: detached")
    none = of_gradients({"a": [0, 0], "b": [0, 0]}, right)
    assert str(arrays.all_zero(none)).startswith("it is 0, as all are: detached")
    assert fit.explained(none, {name: np.zeros(2) for name in right})


@pytest.mark.parametrize(
    ("found", "expected", "said"),
    [
        ([1 / 3, 1 / 3, 0.1], [1.0, 2.0, 0.1], "no entry is beyond 0.3333, and 2 of the reference's are"),
        ([-1 / 3, 1 / 3, 0.1], [-1.0, 2.0, 0.1], "no entry is beyond 0.3333, and 2 of the reference's are"),
        ([1 / 3, 0.2, 0.1], [1.0, 0.2, 0.1], "None"),  # one number that is smaller may be anything
        ([0.5, 0.2, 0.1], [1.0, 0.2, 0.1], "no entry is beyond 0.5, and 1 of the reference's are"),
    ],
)
def test_clipped_by_value(found: Any, expected: Any, said: str) -> None:
    """Several entries at one bound, or one at a bound that somebody would have written."""
    assert str(arrays.clipped(of_gradients({"a": found}, {"a": expected}))).startswith(said)


def test_clipped_by_norm() -> None:
    """Of two numbers on; shortened, and not lengthened, and all arrays that are spoken of."""
    two = of_gradients({"a": [0.3, 0.4], "b": [1.0]}, {"a": [3.0, 4.0], "b": [1.0]})
    assert str(arrays.clipped_by_norm(two)).startswith("it has the norm 0.5, with")
    longer = of_gradients({"a": [0.3, 0.4]}, {"a": [0.03, 0.04]})
    assert arrays.clipped_by_norm(longer) is None
    one = of_gradients({"a": [0.5]}, {"a": [4.0]})
    assert arrays.clipped_by_norm(one) is None
    singles = of_gradients({"a": [0.3], "b": [0.4]}, {"a": [3.0], "b": [4.0]})
    assert str(arrays.clipped_by_norm(singles)).startswith("all arrays together have the norm 0.5, with")
    other = of_gradients({"a": [0.5], "b": [2**0.5, 2.0]}, {"a": [1.0], "b": [0.0, 4.0]})
    assert arrays.clipped_by_norm(other) is None


def test_factors_of_all_arrays_or_of_one() -> None:
    """An array that is zero has any factor; one of another shape has none; a factor of 1 says nothing."""
    right = {"a": [1.0, 2.0, 3.0, 4.0], "b": [0.0, 0.0], "c": [5.0]}
    both = of_gradients({"a": [2.5, 5.0, 7.5, 10.0], "b": [0.0, 0.0], "c": [12.5]}, right)
    assert str(factors.constant_factor(both)).startswith("it is 2.5 of the reference's, all arrays alike:")
    one = of_gradients({**right, "a": [2.5, 5.0, 7.5, 10.0]}, right)
    assert str(factors.constant_factor(one)).startswith("it is 2.5 of the reference's, all entries alike:")
    shape = of_gradients({**one.level[0].gradients, "c": [5.0, 5.0]}, right)
    assert str(factors.constant_factor(shape)).startswith("it is 2.5 of the reference's, all entries alike:")
    near = of_gradients({**right, "a": [each * 1.0001 for each in right["a"]]}, right)
    assert factors.constant_factor(near) is None
    few = of_gradients({"a": [np.pi], "b": [1.0, 2.0]}, {"a": [1.0], "b": [1.0, 2.0]})
    assert factors.constant_factor(few) is None


def test_another_array_and_another_shape() -> None:
    """A gradient in each row is what the bias's should be; the same numbers in another shape are that."""
    right: dict[str, Any] = {"a": [[1.0, 2.0], [3.0, 5.0], [4.0, 4.5]], "b": [6.0, 7.0], "c": [8.0, 9.0, 1.0]}
    rows = of_gradients({**right, "a": [[6.0, 7.0]] * 3}, right)
    assert str(arrays.of_another(rows)).startswith("each row of it is what b should be")
    flat = of_gradients({**right, "a": np.ravel(right["a"])}, right)
    assert str(arrays.in_another_order(flat)).startswith("the reference's numbers in the shape (6,)")
    same = of_gradients({**right, "b": [7.0, 6.0]}, right)
    assert "rows reversed" in str(arrays.in_another_order(replace(same, name="b")))
    square = {"a": [[1.0, 2.0], [3.0, 5.0]]}
    mixed = of_gradients({"a": [[5.0, 1.0], [2.0, 3.0]]}, square)
    assert str(arrays.in_another_order(mixed)).startswith("it has the reference's numbers in another order")


# --- the way back -----------------------------------------------------------------------------------


def mlp_gradients(evidence: Evidence, weights_back: Any) -> dict[str, Any]:
    """The gradients of a two-layer model, with other weights on the way back."""
    p, x = evidence.reference[evidence.step].before, evidence.problem.x
    h = x @ p["w1"]
    grad = 2 * (np.maximum(h, 0) @ p["w2"] - evidence.problem.y)
    return {"w1": x.T @ np.where(h > 0, grad @ weights_back.T, 0), "w2": np.maximum(h, 0).T @ grad}


def test_a_way_back_through_other_weights() -> None:
    """Those transposed, where they are square, and those of the step before or of the start."""
    square = evidence_of("mlp", "gradient", N=9, D_in=5, H=3, D_out=3)
    wrong = mlp_gradients(square, square.reference[0].before["w2"].T)
    assert "with w2 transposed on the way back" in str(explain(other_gradients(square, wrong)))
    for step, of in ((2, 1), (1, 0), (3, 0)):
        evidence = evidence_of("mlp", "gradient", step, N=9, D_in=5, H=6, D_out=3, lr=1e-3)
        wrong = mlp_gradients(evidence, evidence.reference[of].before["w2"])
        said = str(networks.other_way_back(other_gradients(evidence, wrong)))
        assert f"through the weights of step {of}: old ones?" in said


# --- steps ------------------------------------------------------------------------------------------


Numbers = Mapping[str, Any]


def of_steps(moves: Numbers, right: Numbers, before: Numbers, lr: float = 1.0, **options: Any) -> Evidence:
    """The evidence of a level with these moves; the first that differs is the one that parts."""
    evidence = evidence_of("linear", "parameter")
    config = replace(evidence.config, lr=lr, options={**evidence.config.options, **options})
    start = {name: np.array(p, float) for name, p in before.items()}

    def steps(moves: Numbers) -> dict[int, Any]:
        after = {name: p - np.array(moves[name], float) for name, p in start.items()}
        return {0: replace(evidence.level[0], before=start, after=after)}

    name = next(name for name in moves if not np.array_equal(moves[name], right[name]))
    return replace(evidence, name=name, config=config, level=steps(moves), reference=steps(right))


ZERO = {"a": [0.0, 0.0], "b": [8.0]}


def test_steps_of_clipped_gradients() -> None:
    """By value or by norm, of all arrays; a longer step is not clipped, nor one that goes back."""
    right = {"a": [3.0, 4.0], "b": [0.25]}
    by_value = of_steps({"a": [2.0, 2.0], "b": [0.25]}, right, ZERO)
    assert "counts for more than 2: clipped by value?" in str(updates.clipped_gradient(by_value))
    for factor, said in ((0.5, "norm were 2.5: clipped by norm?"), (1.5, None), (-0.5, None)):
        moves = {"a": [3 * factor, 4 * factor], "b": [0.0]}
        answer = updates.clipped_gradient(of_steps(moves, {**right, "b": [0.0]}, ZERO))
        assert str(said) in str(answer)


@pytest.mark.parametrize(("lr", "known"), [(2e-8, True), (8e-9, False)])
def test_clipped_steps_that_are_lost_in_rounding(lr: float, known: bool) -> None:
    """Where the parameters' last digits are a millionth of the step, no number of it is round."""
    right, moves = ({"a": [part * lr, lr / 8], "b": [0.0]} for part in (1, 0.5))
    assert (updates.clipped_gradient(of_steps(moves, right, ZERO, lr)) is not None) == known


@pytest.mark.parametrize(
    ("momentum", "step", "known"), [(0.0, 0, True), (0.0, 1, True), (0.9, 0, True), (0.9, 1, False)]
)
def test_clipped_steps_with_a_velocity(momentum: float, step: int, known: bool) -> None:
    """After the first, such a step is no multiple of its gradient."""
    evidence = of_steps({"a": [2.0, 2.0], "b": [0.0]}, {"a": [3.0, 4.0], "b": [0.0]}, ZERO, momentum=momentum)
    level, reference = ({step: side[0]} for side in (evidence.level, evidence.reference))
    evidence = replace(evidence, step=step, level=level, reference=reference)
    assert (updates.clipped_gradient(evidence) is not None) == known


def test_one_entry_that_is_kept_above_zero() -> None:
    """Zero is a bound that somebody would have written."""
    before = {"a": [0.25, 1.0], "b": [3.0]}
    right = {"a": [0.5, 0.1], "b": [0.1]}
    evidence = of_steps({**right, "a": [0.25, 0.1]}, right, before)
    assert updates.bounded(evidence) == "it is the reference's kept within 0 and inf: clamped?"


def test_a_step_of_another_array() -> None:
    """Of the same shape."""
    before = {"a": [1.0, 2.0], "b": [3.0], "c": [5.0, 6.0]}
    right = {"a": [0.1, 0.2], "b": [0.3], "c": [0.5, -0.7]}
    evidence = of_steps({**right, "a": right["c"]}, right, before)
    assert updates.of_another_array(evidence) == "the step is that of c: one gradient for another?"


@pytest.mark.parametrize("what", ["loss", "gradient"])
@pytest.mark.parametrize(("of", "over"), [(2, "this step's and the last's"), (4, "all steps' so far")])
def test_sums_and_means_over_steps(what: Any, of: int, over: str) -> None:
    """Of the last two, and of all."""
    evidence = evidence_of("mlp", what, 3, lr=1e-3)
    steps = [evidence.reference[k] for k in range(4)][-of:]
    for word, n in (("sum", 1), ("mean", of)):
        if what == "loss":
            wrong = other_loss(evidence, sum(one.loss for one in steps) / n)
        else:
            names = steps[0].gradients
            wrong = other_gradients(
                evidence, {name: np.sum([one.gradients[name] for one in steps], axis=0) / n for name in names}
            )
        assert f"it is the {word} of {over}" in str(history.sum_so_far(wrong))
