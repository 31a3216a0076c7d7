"""What verify measures with is right itself: held against fifty digits, torch.optim and float32."""

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from autograd_cli.contract.problem import Problem
from autograd_cli.verify.equivalence import is_unstable, run_in_lockstep
from autograd_cli.verify.reference import make_reference
from autograd_cli.verify.rounding import _RULES, Bounded
from autograd_cli.verify.rules import SGD, Adam, RMSprop, Rule
from tests.helpers import cell_of, level_of, small

Numbers = Mapping[str, Any]

# --- fifty digits -----------------------------------------------------------------------------------


def matrix(array: Any) -> Any:
    """As mpmath's, a vector as a row."""
    return mpmath.matrix(np.atleast_2d(np.asarray(array, dtype=np.float64)).tolist())


def mlp(p: Numbers, x: Any, y: Any) -> Any:
    """Σ (relu(x w1) w2 - y)²."""
    h = (x * p["w1"]).apply(lambda z: z if z > 0 else mpmath.mpf(0))
    return mpmath.fsum(e**2 for e in h * p["w2"] - y)


def sin(p: Numbers, x: Any, y: Any) -> Any:
    """Σ (a + b x + c x² + d x³ - y)²."""
    a, b, c, d = (p[name][0] for name in "abcd")
    return mpmath.fsum((a + b * u + c * u**2 + d * u**3 - v) ** 2 for u, v in zip(x, y, strict=True))


def linear(p: Numbers, x: Any, y: Any) -> Any:
    """Mean of (w x + b - y)²."""
    return mpmath.fsum((p["w"][0] * u + p["b"][0] - v) ** 2 for u, v in zip(x, y, strict=True)) / len(x)


def softmax(p: Numbers, x: Any, y: Any) -> Any:
    """Mean of the binary cross-entropies of the softmax's outputs."""
    z = x * p["w"] + p["b"]
    e = [mpmath.exp(each) for each in z]
    q = [each / mpmath.fsum(e) for each in e]
    terms = [t * mpmath.log(u) + (1 - t) * mpmath.log(1 - u) for t, u in zip(y, q, strict=True)]
    return -mpmath.fsum(terms) / len(terms)


LOSSES: dict[str, Callable[[Numbers, Any, Any], Any]] = {
    "mlp": mlp,
    "sin": sin,
    "linear": linear,
    "softmax": softmax,
}


def gradient(loss: Callable[[Numbers], Any], p: dict[str, Any], name: str) -> Any:
    """By central differences with h = 1e-20, which in fifty digits are as good as exact."""
    h = mpmath.mpf(10) ** -20
    result = p[name].copy()
    for place in product(range(result.rows), range(result.cols)):
        sides = []
        for sign in (1, -1):
            moved = p[name].copy()
            moved[place] += sign * h
            sides.append(loss(p | {name: moved}))
        result[place] = (sides[0] - sides[1]) / (2 * h)
    return result


@pytest.mark.parametrize("task", LOSSES)
def test_numpy_is_what_the_definition_says(task: str) -> None:
    """Two steps of `numpy`, and of the reference, are those of the loss's definition in fifty digits."""
    config = small(task, "numpy", lr=1e-3, **({"N": 4, "D_in": 3, "H": 3} if task == "mlp" else {}))
    cell = cell_of(config)
    problem: Problem = cell.problems.general(config) if task != "mlp" else cell.problems.make(config)  # type: ignore[attr-defined]
    with mpmath.workdps(50):
        x, y = matrix(problem.x), matrix(problem.y)
        for program in (level_of(config, problem), make_reference(cell, problem, config)):
            p = {name: matrix(value) for name, value in problem.start.items() if name in program.parameters}

            def loss_at(q: Numbers) -> Any:
                return LOSSES[task](q, x, y)

            for _ in range(2):
                loss = program.forward()
                program.backward(loss)
                assert float(loss) == pytest.approx(float(loss_at(p)), rel=1e-13)
                gradients = {name: gradient(loss_at, p, name) for name in p}
                for name, exact in gradients.items():
                    close(program.gradients[name], exact)
                program.update()
                p = {name: p[name] - mpmath.mpf(config.lr) * gradients[name] for name in p}
                for name, exact in p.items():
                    close(program.parameters[name], exact)


def close(found: Any, exact: Any) -> None:
    """To rounding, measured by the largest entry."""
    numbers = np.array([float(each) for each in exact])
    assert np.abs(np.ravel(found) - numbers).max() <= 1e-13 * np.abs(numbers).max()


# --- the rules of update ----------------------------------------------------------------------------

RULES: list[tuple[Rule, type[torch.optim.Optimizer], dict[str, Any]]] = [
    (SGD(0.1), torch.optim.SGD, {}),
    (SGD(0.1, 0.9), torch.optim.SGD, {"momentum": 0.9}),
    (SGD(0.1, 0.9, dampening=0.5), torch.optim.SGD, {"momentum": 0.9, "dampening": 0.5}),
    (SGD(0.1, 0.9, nesterov=True), torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    (SGD(0.1, weight_decay=0.01), torch.optim.SGD, {"weight_decay": 0.01}),
    (Adam(0.1), torch.optim.Adam, {}),
    (Adam(0.1, betas=(0.8, 0.99), eps=1e-6), torch.optim.Adam, {"betas": (0.8, 0.99), "eps": 1e-6}),
    (RMSprop(0.1), torch.optim.RMSprop, {}),
    (RMSprop(0.1, alpha=0.9), torch.optim.RMSprop, {"alpha": 0.9}),
]


@pytest.mark.parametrize(("rule", "optimizer", "options"), RULES)
def test_rules_are_those_of_torch(rule: Rule, optimizer: Any, options: dict[str, Any]) -> None:
    """Ten steps of each rule end where torch.optim does; a parameter without a gradient rests in both."""
    random = np.random.default_rng(0)
    ours: dict[str, Any] = {name: random.standard_normal((3, 2)) for name in "ab"}
    theirs = {name: torch.nn.Parameter(torch.tensor(p)) for name, p in ours.items()}
    step = optimizer(theirs.values(), lr=0.1, **options)
    for i in range(10):
        used = "ab" if i % 3 else "a"
        gradients = {name: random.standard_normal((3, 2)) for name in used}
        for name, p in theirs.items():
            p.grad = torch.tensor(gradients[name]) if name in used else None
        step.step()
        ours = rule.step(ours, gradients)
        for name, p in theirs.items():
            assert np.abs(ours[name] - p.detach().numpy()).max() < 1e-14


# --- rounding ---------------------------------------------------------------------------------------

UNARY = [np.negative, np.square, np.exp, np.log, np.sqrt]
BINARY = [np.add, np.subtract, np.multiply, np.divide, np.maximum, np.matmul]
seeds = st.integers(0, 2**32 - 1)


def off(random: np.random.Generator, exact: NDArray[np.float64]) -> tuple[Bounded, NDArray[np.float32]]:
    """Numbers with a bound, and float32 numbers within it."""
    error = np.abs(exact) * random.choice([0.0, 1e-7, 1e-5])
    strayed = (exact + error * random.uniform(-0.9, 0.9, exact.shape)).astype(np.float32)
    return Bounded(exact, np.maximum(error, np.abs(strayed - exact))), strayed


@given(seed=seeds, ufunc=st.sampled_from([*UNARY, *BINARY]))
def test_float32_lies_within_its_bounds(seed: int, ufunc: np.ufunc) -> None:
    """Whatever float32 makes of numbers within their bounds lies within the bound of the result."""
    random = np.random.default_rng(seed)
    exact = [random.uniform(0.1, 4, (5, 5)) for _ in range(ufunc.nin)]
    if ufunc not in (np.log, np.sqrt):
        exact = [each * random.choice([-1, 1], each.shape) for each in exact]
    bounded, strayed = zip(*(off(random, each) for each in exact), strict=True)
    result = ufunc(*bounded)
    computed = ufunc(*strayed)
    assert computed.dtype == np.float32
    assert (np.abs(computed.astype(np.float64) - result.value) <= result.error).all()
    largest = np.abs(result.value).max() + 1
    assert (result.error <= 1e-2 * largest).all(), "a bound that explains anything explains nothing"


@given(seed=seeds, n=st.integers(1, 3000))
def test_sums_in_any_order(seed: int, n: int) -> None:
    """A float32 sum lies within its bound, from the first to the last, the other way round, and in pairs."""
    random = np.random.default_rng(seed)
    numbers = random.standard_normal(n).astype(np.float32)
    result = Bounded(numbers).sum()
    for order in (numbers, numbers[::-1], np.sort(numbers)):
        one_by_one = np.add.accumulate(order)[-1]
        assert abs(float(one_by_one) - result.value) <= result.error
        assert abs(float(order.sum()) - result.value) <= result.error


def test_masks_that_rounding_leaves_open() -> None:
    """Where a number may lie on either side of zero, its mask may be 0 or 1; elsewhere it may not."""
    mask = Bounded([1e-9, -1e-9, 0.5, -0.5], 1e-8) > 0
    assert mask.value.tolist() == [1, 0, 1, 0]
    assert mask.error.tolist() == [1, 1, 0, 0]


def test_every_rule_is_tried() -> None:
    """A rule of rounding without a test of its own would bound anything or nothing."""
    assert set(_RULES) == {*UNARY, *BINARY, np.greater, np.power}


@given(seed=seeds, k=st.integers(0, 5))
def test_powers(seed: int, k: int) -> None:
    """x³ may be taken at once or by products."""
    exact = np.random.default_rng(seed).uniform(-3, 3, 20)
    bounded, strayed = off(np.random.default_rng(seed), exact)
    result = bounded**k
    product = np.ones_like(strayed)
    for _ in range(k):
        product = product * strayed
    for computed in (strayed**k, product):
        assert (np.abs(computed.astype(np.float64) - result.value) <= result.error).all()


# --- trainings that enlarge rounding ----------------------------------------------------------------


def test_a_training_that_enlarges_rounding_is_known() -> None:
    """RMSprop on sin divides by gradients that are nothing but rounding; SGD there does not."""
    steps = 1100
    unstable = small("sin", "optim", N=100, lr=1e-3, optimizer="RMSprop", start="uniform")
    stable = small("sin", "optim", N=100, lr=1e-5, optimizer="SGD")
    for config, expected in ((unstable, True), (stable, False)):
        cell = cell_of(config)
        programs = [make_reference(cell, cell.problems.make(config), config) for _ in range(2)]
        assert is_unstable(programs[0], programs[1], steps) is expected


def test_step_by_step_still_finds_a_wrong_rate() -> None:
    """Where each step is taken from the level's own numbers, a rate a thousandth off is found at once."""
    config = small("sin", "numpy", N=100, lr=1e-4)
    cell = cell_of(config)
    problem = cell.problems.make(config)
    level = level_of(config, problem)
    level.lr *= 1.001  # type: ignore[attr-defined]
    found = run_in_lockstep(level, make_reference(cell, problem, config), 5, 1e-9, step_by_step=True)
    assert found.parted is not None
    assert found.parted.step == 0
