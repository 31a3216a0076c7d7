"""What float32 may make of numbers: the bounds are those that the module's text derives, and no wider."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import exp, expm1, inf, isinf, log, sqrt
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from autograd_cli.contract.problem import Problem
from autograd_cli.verify.reference import Reference, cast_problem
from autograd_cli.verify.rounded import bounded_problem, bounded_rule, run_beside_bounds
from autograd_cli.verify.rounding import Bounded, gamma
from autograd_cli.verify.rules import SGD, Adam, RMSprop, Rule, remembers, rule_of
from tests.helpers import cell_of, config_of, level_of, small

U, TINY = 2.0**-24, 2.0**-126
A, DA, B, DB = 3.0, 0.25, -2.0, 0.125
BOUNDS: list[tuple[Callable[..., Any], float, float]] = [
    (lambda a, b: a + b, 1.0, DA + DB + 2 * U),
    (lambda a, b: a - b, 5.0, DA + DB + 2 * U * 5),
    (lambda a, _: -a, -3.0, DA),
    (lambda a, b: a * b, -6.0, DA * 2 + 3 * DB + DA * DB + 2 * U * 6 + TINY),
    (lambda a, b: a / b, -1.5, (DA + 1.5 * DB) / (2 - DB) + 2 * U * 1.5 + TINY),
    (lambda a, _: np.square(a), 9.0, 2 * DA * 3 + DA * DA + 2 * U * 9 + TINY),
    (lambda _, b: b**3, -8.0, (2 + DB) ** 3 - 8 + 3 * 2 * U * 8 + TINY),
    (lambda _, b: b**1, -2.0, DB + 2 * U * 2 + TINY),
    (lambda a, _: a**0, 1.0, 0.0),
    (np.maximum, 3.0, DA),
    (lambda a, _: np.exp(a), exp(3), exp(3) * (expm1(DA) + 4 * U) + TINY),
    (lambda a, _: np.log(a), log(3), DA / (3 - DA) + 4 * U * log(3)),
    (lambda a, _: np.sqrt(a), sqrt(3), DA / (2 * sqrt(3 - DA)) + 2 * U * sqrt(3)),
]


@pytest.mark.parametrize(("operation", "value", "error"), BOUNDS)
def test_bounds_are_those_of_the_text(operation: Callable[..., Any], value: float, error: float) -> None:
    """Term by term, with what was known of the operands; without it, little more than one rounding."""
    result = operation(Bounded(A, DA), Bounded(B, DB))
    assert (float(result.value), float(result.error)) == pytest.approx((value, error), rel=1e-12)
    exact = operation(Bounded(A), Bounded(B))
    assert 0 <= float(exact.error) <= 8 * U * abs(value) * 2
    assert float(exact.error) > 0 or float(error) in (0.0, DA)


def test_exact_numbers_are_rounded_once() -> None:
    """The rounding of each operation by itself."""
    a, b = Bounded(A), Bounded(B)
    results = [a + b, a * b, a / b, np.exp(a), np.log(a), np.sqrt(a), b**3]
    expected = [2 * U, 12 * U + TINY, 3 * U + TINY, 4 * U * exp(3) + TINY, 4 * U * log(3), 2 * U * sqrt(3)]
    expected.append(48 * U + TINY)
    assert [float(result.error) for result in results] == pytest.approx(expected, rel=1e-12)


def test_what_the_last_operations_add() -> None:
    """A sum passes on what its operands' own products were off by; a product starts anew."""
    a, b = Bounded(A, DA, 0.125), Bounded(B, DB, 0.0625)
    assert float((a + b).own) == 0.125 + 0.0625 + 2 * U
    assert float((a - b).own) == 0.125 + 0.0625 + 2 * U * 5
    assert float((a * b).own) == pytest.approx(2 * U * 6 + TINY, rel=1e-15)
    assert float(Bounded(A).error) == float(Bounded(A).own) == 0


def test_below_the_smallest_normal_number_anything_goes() -> None:
    """Products of zero may be 2⁻¹²⁶ off."""
    zero = Bounded(0.0)
    for result in (zero * zero, zero / Bounded(1.0), zero**2, zero**1, np.exp(Bounded(-1000.0))):
        assert float(result.error) == TINY
    assert float((zero**0).error) == 0
    root: Any = np.sqrt(zero)
    assert float(root.error) == 0


def test_what_may_be_zero_has_no_bound() -> None:
    """To divide by it, or to take its logarithm, may give anything; its root is bounded by what it may be."""
    for error in (2.0, 3.0):
        assert isinf((Bounded(A) / Bounded(B, error)).error)
        assert isinf(np.log(Bounded(2.0, error)).error)
        assert isinf((Bounded(0.0) / Bounded(error, error)).error)
        root: Any = np.sqrt(Bounded(2.0, error))
        assert float(root.error) == pytest.approx(sqrt(2 + error) + 2 * U * sqrt(2))
    assert not isinf((Bounded(A) / Bounded(B, 1.5)).error)


def test_sums_and_matrix_products() -> None:
    """γₙ for sums, γₙ₊₁ for matrix products, with the errors of both sides and of their product."""
    assert gamma(3) == 3 * U / (1 - 3 * U)
    assert gamma(2**22) == pytest.approx(1 / 3, rel=1e-6)
    a = Bounded([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], 0.5)
    assert a.sum().value == 5
    assert a.sum().error == pytest.approx(6 * 0.5 + gamma(6) * 21, rel=1e-14)
    assert a.sum(0).error.tolist() == pytest.approx([1 + gamma(2) * n for n in (5, 7, 9)], rel=1e-14)
    assert a.sum(1).error.tolist() == pytest.approx([1.5 + gamma(3) * n for n in (6, 15)], rel=1e-14)
    b = Bounded([[1.0], [2.0], [-1.0]], 0.25)
    rounding = gamma(4) * np.array([[8.0], [20.0]]) + 3 * TINY
    known = np.array([[0.25 * 6], [0.25 * 15]])
    both = np.full((2, 1), 0.5 * (4 + 3 * 0.25)) + known
    exact = Bounded(b.value)
    for left, right, error in (
        (a, b, rounding + both),
        (a, exact, rounding + 0.5 * 4),
        (Bounded(a.value), b, rounding + known),
        (Bounded(a.value), exact, rounding),
    ):
        result: Any = left @ right
        assert result.value.tolist() == [[-6.0], [20.0]]
        assert result.error.ravel() == pytest.approx(error.ravel(), rel=1e-13)
    zero: Any = Bounded(np.zeros((1, 3))) @ exact
    assert float(zero.error[0, 0]) == 3 * TINY


def test_the_larger_of_two_is_as_uncertain_as_either() -> None:
    """Whichever it is."""
    a: Any = Bounded([1.0, 5.0], [0.5, 0.1])
    b: Any = Bounded([2.0, 2.0], 0.3)
    assert np.maximum(a, b).error.tolist() == [0.5, 0.3]


def test_masks_at_the_edge() -> None:
    """A gap as large as both errors leaves the answer open, zero against zero too; any more does not."""
    for b in (0.0, 3.0):
        a = Bounded(b + np.array([1.0, 1.0, 0.0, -1.0]), [0.5, 0.25, 0.0, 0.25])
        mask: Any = a > Bounded([b] * 4, 0.5)
        assert mask.value.tolist() == [1, 1, 0, 0]
        assert mask.error.tolist() == [1, 0, 1, 0]


def test_bounded_numbers_are_like_arrays() -> None:
    """Transposed, indexed, and asked whether they are zero; what there is no rule for is refused."""
    a = Bounded([[1.0, 2.0, 3.0]], [[0.1, 0.2, 0.3]])
    assert (a.T.value.tolist(), a.T.error.tolist()) == ([[1.0], [2.0], [3.0]], [[0.1], [0.2], [0.3]])
    assert (a.shape, a.T.shape, a.max()) == ((1, 3), (3, 1), 3.0)
    assert (float(a[0, 1].value), float(a[0, 1].error)) == (2.0, 0.2)
    assert Bounded([1.0, 2.0], 0.5)[1].error == 0.5
    assert (bool(Bounded(0.0)), bool(Bounded(2.0))) == (False, True)
    for refused in (np.sin, np.add.reduce, lambda a: np.add.outer(a, a)):
        ask: Callable[[Any], Any] = refused
        with pytest.raises(TypeError):
            ask(a)


# --- rules with rounded numbers ---------------------------------------------------------------------


def test_the_numbers_of_a_rule_are_rounded() -> None:
    """Each number that is not 0 by one unit roundoff of itself; 0, flags and memory stay."""
    sgd: Any = bounded_rule(SGD(0.5, -0.25, nesterov=True))
    assert (sgd.lr.value, sgd.lr.error, sgd.momentum.error) == (0.5, 0.5 * U, 0.25 * U)
    assert (sgd.dampening, sgd.weight_decay, sgd.nesterov, sgd.velocity) == (0.0, 0.0, True, {})
    adam: Any = bounded_rule(Adam(0.5))
    assert [beta.value for beta in adam.betas] == [0.9, 0.999]
    assert adam.betas[1].error == 0.999 * U


def test_rules_follow_from_the_configuration() -> None:
    """By name; without one, SGD with the momentum that is asked for."""
    for name, kind in (("SGD", SGD), ("Adam", Adam), ("RMSprop", RMSprop)):
        config = config_of("mlp", "optim", optimizer=name, lr=0.25)
        rule: Any = rule_of(config)
        assert (type(rule), rule.lr, remembers(config)) == (kind, 0.25, name != "SGD")
    momentum = config_of("mlp", "dynamic", momentum=0.5)
    assert (rule_of(momentum).momentum, remembers(momentum)) == (0.5, True)  # type: ignore[attr-defined]
    bare: Any = SimpleNamespace(options={}, lr=0.5)
    assert (rule_of(bare), remembers(bare)) == (SGD(0.5, 0.0), False)
    none: Any = SimpleNamespace(options={"optimizer": None, "momentum": None}, lr=0.5)
    assert (rule_of(none), remembers(none)) == (SGD(0.5, 0.0), False)


def test_adam_without_correction() -> None:
    """M and v as they are: the first step is lr (1 - β₁) g / (√(1 - β₂) |g| + ε)."""
    moved = Adam(0.5, (0.75, 0.9375), 0.25, unbiased=False).step({"p": 1.0}, {"p": 2.0})
    assert moved["p"] == pytest.approx(1 - 0.5 * 0.5 / (0.5 + 0.25))
    rule = RMSprop(0.5, 0.75, 0.5)
    moved = rule.step(rule.step({"p": 1.0}, {"p": 2.0}), {"p": 0.0})
    assert moved["p"] == pytest.approx(1 - 0.5 * 2 / (1 + 0.5))
    assert rule.v["p"] == 0.75


# --- a level of float32 -----------------------------------------------------------------------------


class Bent:
    """A level of float32 whose verbs may be off."""

    def __init__(
        self,
        impl: str = "numpy",
        problem: Problem | None = None,
        lr: float = 1e-3,
        options: Mapping[str, Any] = MappingProxyType({}),
        **bends: Any,
    ) -> None:
        self.config = small("linear", impl, dtype="float32", lr=lr, start="normal")
        self.config = replace(self.config, options={**self.config.options, **options})
        self.cell = cell_of(self.config)
        self.problem = problem or self.cell.problems.make(self.config)
        self.inner, self.bends, self.count = level_of(self.config, self.problem), bends, 0

    def _bent(self, verb: str, value: Any) -> Any:
        return self.bends[verb](value) if verb in self.bends and self.count == 1 else value

    def forward(self) -> Any:
        """The loss."""
        return self._bent("loss", self.inner.forward())

    def backward(self, loss: Any) -> None:
        """The gradients."""
        self.inner.backward(loss)

    def update(self) -> None:
        """The step, off in the second one."""
        self.inner.update()
        if "parameter" in self.bends and self.count == 1:
            self.inner.w = self._bent("parameter", self.inner.w)  # type: ignore[attr-defined]
        self.count += 1

    @property
    def parameters(self) -> Any:
        """As they are, or off at the start."""
        found = dict(self.inner.parameters)
        return found | {"w": self.bends["start"](found["w"])} if "start" in self.bends else found

    @property
    def gradients(self) -> Any:
        """As they are, or off in the second step."""
        found = dict(self.inner.gradients)
        return found | {"w": self._bent("gradient", found["w"])}

    def found(self, steps: int = 3) -> Any:
        """Beside the reference and its bounds."""
        exact = bounded_problem(cast_problem(self.problem, "float32"))
        rule: Rule = bounded_rule(rule_of(self.config))
        return run_beside_bounds(self, Reference(self.cell.reference(exact, self.config), rule), steps)


def test_a_level_of_float32_stays_within_its_bounds() -> None:
    """What it is off by is kept, by array, and the share of it in the bound."""
    found = Bent().found()
    assert (found.parted, found.steps, found.broken) == (None, 3, False)
    assert 0 < found.share < 0.99
    assert 0 < found.loss < 1e-5
    assert all(0 < off < 1e-5 for off in (*found.gradients.values(), *found.parameters.values()))


@pytest.mark.parametrize("verb", ["start", "loss", "gradient", "parameter"])
@pytest.mark.parametrize("factor", [1.0001, np.nan])
def test_what_rounding_does_not_explain(verb: str, factor: float) -> None:
    """Ten thousandths off, or NaN, is found in the verb and at the step where it is."""
    bends: dict[str, Any] = {verb: lambda value: (value * np.float32(factor)).astype(np.float32)}
    found = Bent(**bends).found()
    assert found.parted
    assert (found.parted.what, found.parted.name) == (verb, "" if verb == "loss" else "w")
    assert (found.parted.step, found.steps) == ((-1, 0) if verb == "start" else (1, 2))
    assert verb == "loss" or found.parted.says.endswith(", and rounding in float32 does not explain it")
    if factor == factor:  # noqa: PLR0124 - no NaN
        off = (
            found.loss
            if verb == "loss"
            else (found.parameters | ({"w": found.gradients["w"]} if verb == "gradient" else {}))["w"]
        )
        assert off == pytest.approx(1e-4, rel=0.01)
        assert found.share > 1


def test_forms_that_do_not_fit() -> None:
    """Another shape, another dtype, or nothing at all where a gradient belongs."""
    shape = Bent(gradient=lambda value: value[0]).found()
    assert "gradient w has shape (1,), not (1, 1) at step 1" in shape.parted.says
    wide = Bent(start=lambda value: value.astype(np.float64)).found()
    assert wide.parted.says == "parameter w is float64 where dtype=float32 was asked for"
    assert wide.parted.step == -1
    missing = Bent(gradient=lambda _: None).found()
    assert missing.parted.says == "gradient w is missing at step 1"


def test_a_bound_may_be_reached() -> None:
    """A start that is rounded by exactly one unit roundoff is still the start."""
    w = np.array([[1 + U]])
    config = small("linear", "numpy", dtype="float32")
    problem = cell_of(config).problems.make(config)
    bent = Bent(problem=Problem(problem.x, problem.y, {"w": w, "b": np.array([0.0])}, problem.control))
    level: Any = bent.inner
    level.w = np.array([[1.0 + 2 * U]], np.float32)
    found = bent.found(0)
    assert found.parted is not None
    level.w = np.array([[1.0]], np.float32)
    assert bent.found(0).parted is None
    w[0, 0] = 1
    level.w = np.array([[1 - U]], np.float32)
    found = bent.found(1)
    assert (found.parted, found.share) == (None, 1.0)


LINE: Any = np.ones((4, 1)), np.array([[0.5], [-0.5], [0.5], [-0.5]])
NOWHERE: Any = None  # what would choose paths


def share_of(off: float, w: float, lr: float, **options: Any) -> float:
    """The share of its bound that `off` in w is after the second step; every gradient is 0."""
    x, errors = LINE
    problem = Problem(x, w + errors, {"w": np.array([[w]]), "b": np.zeros(1)}, NOWHERE)
    bent = Bent(problem=problem, lr=lr, options=options, parameter=lambda p: p + np.float32(off))
    return float(bent.found(2).share)


def test_what_a_step_may_be_off_by() -> None:
    """What is used by two roundings of the last sum, what is kept by those of all steps; or a digit."""
    one = 1024.0 * gamma(4)  # of a sum of four quarters, after a step of this rate
    assert share_of(one, 1.0, 1024.0) == pytest.approx(1 / (2 + 2), rel=1e-3)
    momentum = 1 / (2 / (1 - 0.75) + 2 * (1 + 0.75))
    assert share_of(one, 1.0, 1024.0, momentum=0.75) == pytest.approx(momentum, rel=1e-3)
    for w in (64.0, 1 / 64):  # half a digit shown, and one of the difference
        assert share_of(2 * U * w, w, 1e-12) == pytest.approx(2 / 3, rel=1e-3)


def test_an_optimiser_of_float32_stays_within_its_bounds() -> None:
    """One that divides by roots is followed by the gradients that it shows, as they are."""
    for name in ("Adam", "RMSprop"):
        found = Bent("optim", options={"optimizer": name}).found(3)
        assert (found.parted, found.steps) == (None, 3)
        assert share_of(1.0, 1.0, 1e-3, optimizer=name) > 100


def test_differences_beside_zero_are_absolute() -> None:
    """Of a loss of 0, and of a parameter of 0."""
    control: Any = None
    x = np.array([[1.0], [2.0]])
    bent = Bent(
        problem=Problem(x, 0 * x, {"w": np.zeros((1, 1)), "b": np.zeros(1)}, control),
        loss=lambda _: np.float32(0.5),
    )
    found = bent.found(2)
    assert (found.loss, found.parted.what) == (0.5, "loss")
    moved = Bent(problem=bent.problem, start=lambda w: w + np.float32(0.25)).found(1)
    assert moved.parameters["w"] == 0.25


def test_where_the_reference_of_float32_diverges() -> None:
    """It says so."""
    config = small("linear", "numpy", dtype="float32")
    problem = cell_of(config).problems.make(config)
    bent = Bent(problem=Problem(problem.x, problem.y + inf, problem.start, problem.control))
    assert bent.found().parted.says == "the reference diverges, its loss is inf at step 0"


def test_a_level_of_float32_without_gradients() -> None:
    """What is missing is named, and not the line of evo's that missed it."""
    bent = Bent()
    level: Any = SimpleNamespace(
        **{name: getattr(bent, name) for name in ("forward", "backward", "update", "parameters")}
    )
    exact = bounded_problem(cast_problem(bent.problem, "float32"))
    reference = Reference(bent.cell.reference(exact, bent.config), bounded_rule(rule_of(bent.config)))
    parted = run_beside_bounds(level, reference, 1).parted
    assert parted
    assert "class SimpleNamespace lacks " in parted.says
