"""The losses that the documents print, against those that our levels can produce.

The documents do not seed their draws, so a printed curve is one more draw from the distribution that our
runs over `SEEDS` come from. In the logarithm of the loss, where the curves spread evenly, the range of 24
normal draws is 3.9 standard deviations wide. Half of it more on either side reaches 3.9 deviations from
the middle: a right curve fails once in 10,000, and a learning rate that is off by a third is seen.
"""

from collections import defaultdict
from collections.abc import Callable
from statistics import median

import numpy as np
import pytest

from autograd_cli.compare.published import SYSTEMS as FILES
from autograd_cli.compare.published import WRONG, our_level, published_losses
from autograd_cli.contract.config import RunConfig
from tests.helpers import arrays, config_of, level_of, losses_of, problem_of, trained_losses
from tests.verify.wrong_tensors import ClampedGradient

SEEDS = range(24)
MARGIN = 0.5  # of the range of our own runs, on either side

# What decides how a loss is computed, or how much is printed, but not what comes out.
_NOT_IN_THE_CURVE = ("impl", "steps", "threads", "print_every", "seed")

Curve = dict[int, float]  # loss by step


def group_of(program: tuple[str, str]) -> str:
    """A name shared by the programs that have the same curve: an equal model, start, rate and dtype."""
    system, implementation = program
    if implementation.endswith(WRONG):
        return f"{system}-wrong"
    config = config_of("mlp", our_level(*program) or "", FILES[system])
    decisive = {name: v for name, v in config.to_dict().items() if name not in _NOT_IN_THE_CURVE}
    same = [
        other
        for (of, other) in published_losses()
        if of == system
        and not other.endswith(WRONG)
        and (other == "dynamic") == (implementation == "dynamic")
    ]
    for other in same:
        values = config_of("mlp", our_level(system, other) or "", FILES[system]).to_dict()
        if {name: v for name, v in values.items() if name not in _NOT_IN_THE_CURVE} == decisive:
            return f"{system}-{other}"
    raise AssertionError(program)


def groups() -> dict[str, list[tuple[str, str]]]:
    """The published programs by the curve that they share."""
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for program in published_losses():
        found[group_of(program)].append(program)
    return found


def wrong_losses(config: RunConfig) -> list[float]:
    """The losses of the level with the clamped gradient."""
    return losses_of(ClampedGradient(problem_of(config), config), config.steps)


def losses_by_examples(config: RunConfig) -> list[float]:
    """The losses of a network without biases under SGD, at a tenth of the work of any level.

    A step moves w1 by a combination of the N inputs. So what the hidden layer makes of each of them,
    x w1, is all that has to be followed, and x xᵀ, (N, N), stands in for the D_in numbers of an input.
    """
    problem, lr = problem_of(config), config.lr
    given = (problem.x, problem.y, problem.start["w1"], problem.start["w2"])
    x, y, w1, w2 = (array.astype(config.dtype) for array in given)
    gram, h = x @ x.T, x @ w1
    losses = []
    for _ in range(config.steps):
        h_relu = np.maximum(h, 0)
        residuals = h_relu @ w2 - y
        losses.append(float(np.square(residuals).sum()))
        grad_h = (2 * residuals @ w2.T) * (h > 0)
        w2 = w2 - lr * (h_relu.T @ (2 * residuals))
        h = h - lr * (gram @ grad_h)
    return losses


def envelope(
    system: str, impl: str, steps: int, run: Callable[[RunConfig], list[float]] = trained_losses
) -> tuple[list[float], list[float]]:
    """The lowest and highest loss of each step that a right program is expected to print."""
    runs = [run(config_of("mlp", impl, FILES[system], seed=seed, steps=steps)) for seed in SEEDS]
    logs = np.log(np.array(runs))
    low, high = logs.min(axis=0), logs.max(axis=0)
    margin = MARGIN * (high - low)
    return np.exp(low - margin).tolist(), np.exp(high + margin).tolist()


def outside(curve: Curve, low: list[float], high: list[float]) -> list[str]:
    """The rows of a published curve that our runs do not reach."""
    return [
        f"step {step}: {loss:g} is not in {low[step]:g} to {high[step]:g}"
        for step, loss in curve.items()
        if not low[step] <= loss <= high[step]
    ]


def test_all_published_rows_are_here() -> None:
    """No row of the documents has been lost: 957 of them, from three systems."""
    assert sum(map(len, published_losses().values())) == 957
    assert {system for system, _ in published_losses()} == set(FILES)
    assert sorted(p for programs in groups().values() for p in programs) == sorted(published_losses())


@pytest.mark.parametrize("group", groups())
def test_our_runs_reach_every_published_loss(group: str) -> None:
    """Each loss that a document prints lies within what our runs over many seeds show at that step."""
    programs = groups()[group]
    steps = max(max(published_losses()[program]) for program in programs) + 1
    system, implementation = programs[0]
    run = wrong_losses if implementation.endswith(WRONG) else trained_losses
    if system == "mlp_no_bias":
        run = losses_by_examples  # hundreds of steps, from 24 starts
    low, high = envelope(system, implementation.removesuffix(WRONG), steps, run)
    assert {
        program: out for program in programs if (out := outside(published_losses()[program], low, high))
    } == {}


@pytest.mark.parametrize("impl", ["numpy", "module"])
def test_losses_by_examples_are_those_of_the_level(impl: str) -> None:
    """The short program of the curves without biases is the level's training, to the end of the curves."""
    config = config_of("mlp", impl, FILES["mlp_no_bias"], dtype="float64", steps=464)
    np.testing.assert_allclose(losses_by_examples(config), trained_losses(config), rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(("key", "value"), [("lr", 1.35e-4), ("lr", 0.65e-4), ("N", 80)])
def test_the_envelope_can_reject(key: str, value: float | str) -> None:
    """A learning rate a third off, or a larger batch, no longer reaches the published losses."""

    def run(config: RunConfig) -> list[float]:
        return trained_losses(
            config_of("mlp", "module", seed=config.seed, steps=config.steps, **{key: value})
        )

    curve = published_losses()["mlp_n64", "nn"]
    low, high = envelope("mlp_n64", "module", max(curve) + 1, run)
    assert outside(curve, low, high)


# Minimum and maximum of 20 runs of the documents' programs, at steps 0, 100 and 499: of those levels whose
# published curves end long before that.
TYPICAL_MLP = {
    "nn": [(596, 736), (1.5, 3.4), (5.7e-7, 1.9e-5)],
    "optim": [(596, 736), (27, 69), (1.4e-10, 2.3e-6)],
    "dynamic": [(601, 761), (6, 123), (0.07, 3.9)],
}


@pytest.mark.slow
@pytest.mark.parametrize("impl", TYPICAL_MLP)
def test_typical_losses_of_mlp(impl: str) -> None:
    """The median of our runs lies within the range of the documents' runs, from the start to the end."""
    runs = [trained_losses(config_of("mlp", impl, seed=seed)) for seed in range(5)]
    for step, (low, high) in zip((0, 100, 499), TYPICAL_MLP[impl], strict=True):
        assert low <= median(run[step] for run in runs) <= high


def test_sin_function_gives_the_documents_losses() -> None:
    """The one program without a random draw agrees digit by digit, and so does its formula."""
    level = level_of(config_of("sin", "function"))
    losses = losses_of(level, 2000)
    assert [f"{losses[step]:.2f}" for step in (99, 999, 1999)] == ["209.96", "14.88", "8.94"]
    values = arrays(level.parameters)
    a, b, c, d = (values[name].item() for name in "abcd")
    assert (round(b, 4), round(d, 4)) == (-2.2085, 0.2555)
    assert max(abs(a), abs(c)) < 1e-6


@pytest.mark.parametrize("impl", ["numpy", "nn", "optim"])
@pytest.mark.slow
def test_sin_ends_near_the_least_squares_cubic(impl: str) -> None:
    """The cubic's three trainings come down to the least-squares fit, y = 0.857 x - 0.0933 x³ at 8.82.

    `tensor`, `autograd` and `module` have numpy's start and rule, and so, by `evo verify`, its losses.
    """
    x = np.linspace(-np.pi, np.pi, 2000)
    _, residual, *_ = np.linalg.lstsq(np.stack([x**k for k in range(4)], axis=1), np.sin(x))
    optimum = residual.item()
    assert round(optimum, 2) == 8.82
    ends = []
    for seed in range(4):
        level = level_of(config_of("sin", impl, seed=seed))
        ends.append(losses_of(level, 2000)[-1])
        values = arrays(level.parameters)
        b, d = (values[name].item() for name in "bd")
        assert (b, d) == pytest.approx((0.857, -0.0933), abs=0.06)
    assert min(ends) >= 0.999 * optimum
    assert median(ends) < 1.5 * optimum


@pytest.mark.slow
def test_sin_dynamic_ends_near_the_least_squares_cubic() -> None:
    """With its terms that come and go, `dynamic` ends near the same fit, and its e near 0."""
    level = level_of(config_of("sin", "dynamic"))
    losses = losses_of(level, 30000)
    values = arrays(level.parameters)
    b, d, e = (values[name].item() for name in "bde")
    assert (b, d, e) == pytest.approx((0.857, -0.0933, 0), abs=0.03)
    assert median(losses[-200:]) == pytest.approx(8.9, abs=0.5)
