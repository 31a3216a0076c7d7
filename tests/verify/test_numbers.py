"""Every number that a hypothesis tries is found, and the one next to it is not."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from math import sqrt
from typing import Any

import numpy as np
import pytest

from autograd_cli.contract.arrays import size_of
from autograd_cli.verify.evidence import Evidence, Step, What
from autograd_cli.verify.hypotheses import arrays, data, fit, history, optimizers, precision, starts, updates
from autograd_cli.verify.hypotheses.fit import told
from autograd_cli.verify.hypotheses.rerun import make_of, rerun
from autograd_cli.verify.rules import Adam, RMSprop
from tests.helpers import config_of
from tests.verify.evidence import evidence_of, other_gradients, other_loss, parted, trained_by
from tests.verify.test_explanations import stepped


def started(task: str, name: str, make: Callable[[Any], Any], **keys: Any) -> Evidence:
    """The evidence of a level whose start of an array is what `make` gives, of the shared one."""
    evidence = replace(evidence_of(task, "start", **{"seed": 7, **keys}), name=name)
    step = evidence.level[0]
    before = {**step.before, name: np.asarray(make(step.before[name]))}
    return replace(evidence, level={0: replace(step, before=before)})


def always(value: Any) -> Callable[[Any], Any]:
    """What gives this, whatever it is given."""
    return lambda _: value


def of_data(evidence: Evidence, **changes: Any) -> Evidence:
    """The evidence of a level that computes the loss of other data."""
    problem = replace(evidence.problem, **changes)
    return other_loss(evidence, float(evidence.program(problem, evidence.config).forward()))


# --- starts -----------------------------------------------------------------------------------------


def test_the_start_of_another_seed() -> None:
    """The seeds that people take, and the next one, are recognised; others are not."""
    evidence = evidence_of("mlp", "start", seed=7)
    make, config = make_of(evidence), evidence.config
    for seed in (0, 1, 2, 6, 8, 9, 42, 43):
        start = make(replace(config, seed=seed)).start["w2"]
        said = starts.of_other_settings(started("mlp", "w2", always(start)))
        assert (said or "").startswith(f"it is the start of seed={seed}:") == (seed in (0, 1, 8, 42))
    for given, other in (("normal", "uniform"), ("uniform", "normal")):
        start = make(replace(config, options={**config.options, "start": other})).start["w2"]
        changed = started("mlp", "w2", always(start), start=given)
        assert f"it is the start of start={other}:" in str(starts.of_other_settings(changed))


def test_a_start_drawn_by_the_level_itself() -> None:
    """Each generator, seed and scale that people take is recognised; others are not."""
    draws: dict[str, Callable[[int, Any], Any]] = {
        "default_rng({}).standard_normal": lambda seed, shape: np.random.default_rng(seed).normal(size=shape),
        "default_rng({}).uniform(-1, 1)": lambda seed, shape: np.random.default_rng(seed).uniform(
            -1, 1, shape
        ),
        "np.random.seed({}), randn": lambda seed, shape: np.random.RandomState(seed).normal(size=shape),
        "np.random.seed({}), rand": lambda seed, shape: np.random.RandomState(seed).random_sample(shape),
    }
    scales = (1.0, 0.01, 0.1, 1 / sqrt(6), sqrt(2 / 6), sqrt(2 / 9), 1 / sqrt(3), sqrt(2 / 3))
    shape = evidence_of("mlp", "start").problem.start["w2"].shape
    cases = [(seed, scale) for seed in (0, 1, 42, 43) for scale in (1.0, 0.02)] + [(7, s) for s in scales]
    for words, draw in draws.items():
        for seed, scale in cases:
            array = scale * draw(seed, shape)
            said = starts.own_draw(started("mlp", "w2", always(array)))
            known = seed in (0, 7, 42) and scale != 0.02
            assert said == (f"it is what {words.format(seed)} draws: a start of its own?" if known else None)


@pytest.mark.parametrize(("seed", "known"), [(2**32 - 1, True), (2**32, False), (2**40, False)])
def test_seeds_that_the_old_generator_does_not_take(seed: int, known: bool) -> None:
    """It takes 32 bits, and is asked for no more."""
    array = np.random.RandomState(seed % 2**32).normal(size=(6, 3))
    evidence = started("mlp", "w2", always(array))
    said = starts.own_draw(replace(evidence, config=replace(evidence.config, seed=seed)))
    assert (f"np.random.seed({seed}), randn" in (said or "")) == known


def test_scales_of_a_start() -> None:
    """Zeros have no sign, another shape is no multiple, and one number must be a round multiple."""
    assert "opposite" not in str(starts.scaled(started("mlp", "w2", lambda w: 0 * w)))
    assert "0.3 of the shared start, with the opposite" in str(
        starts.scaled(started("mlp", "w2", lambda w: -0.3 * w))
    )
    assert starts.scaled(started("mlp", "w2", lambda w: 0.5 * w.T)) is None
    assert "0.5 of" in str(starts.scaled(started("linear", "w", lambda w: 0.5 * w)))
    assert starts.scaled(started("linear", "w", lambda w: 0.51234 * w)) is None


# --- data -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "seed", "words"), [("mlp", 0, "seed=0"), ("linear", 7, "these settings"), ("mlp", 1, None)]
)
@pytest.mark.parametrize("names", [("x",), ("y",), ("x", "y")])
def test_data_of_the_task_s_own(task: str, seed: int, words: str | None, names: tuple[str, ...]) -> None:
    """Those for the level's settings or for the seed 0 are recognised where others were handed over."""
    evidence = evidence_of(task, "loss", seed=7)
    made = make_of(evidence)(replace(evidence.config, seed=seed))
    said = data.own_data(of_data(evidence, **{name: getattr(made, name) for name in names}))
    assert said == (
        words
        and f"it is what it would be with the task's {' and '.join(names)} for {words}: data of its own?"
    )


def test_another_path_than_the_drawn() -> None:
    """Every path is recognised, beyond those of the model too, and told from the drawn one by its side."""
    evidence = evidence_of("mlp", "loss", 0, "dynamic", seed=1)
    drawn: list[int] = []
    rerun(evidence, choose=lambda choice: drawn.append(choice) or 1)  # type: ignore[func-returns-value]
    assert drawn[0] > 0
    for path in range(9):
        if path != drawn[0]:
            loss = float(rerun(evidence, choose=always(path))[""])
            said = str(data.other_path(other_loss(evidence, loss)))
            assert (f"on path {path or -1}, where {drawn[0]} was drawn" in said) == (path < 8)
            assert ("goes too far" in said) == (drawn[0] < path < 8)
            assert ("ends too early" in said) == (path < drawn[0])


def test_parameters_taken_for_one_another() -> None:
    """Two of one shape that are exchanged are named both."""
    evidence = evidence_of("mlp", "loss", D_in=5, H=5, D_out=5)
    start = evidence.problem.start
    exchanged = {**start, "w1": start["w2"], "w2": start["w1"]}
    said = data.other_data_or_parameters(of_data(evidence, start=exchanged))
    assert said == "it is what it would be with w1 for w2, and w2 for w1?"


@pytest.mark.parametrize(
    ("sizes", "words", "change"),
    [
        ({"D_in": 2}, "the columns of x in reverse", lambda x, y: (x[:, [1, 0]], y)),
        ({"D_out": 2}, "the columns of y in reverse", lambda x, y: (x, y[:, [1, 0]])),
        ({"D_in": 2}, "x, each row by itself, shifted to mean 0", lambda x, y: (x - x.mean(1)[:, None], y)),
        ({"D_in": 2}, "x, each column by itself, shifted to mean 0", lambda x, y: (x - x.mean(0), y)),
        ({"D_in": 7}, "x transposed", lambda x, y: (x.T, y)),
        ({"D_out": 7}, "y transposed", lambda x, y: (x, y.T)),
        ({"N": 2}, "the last row left out", lambda x, y: (x[:1], y[:1])),
        ({"N": 2}, "the last row alone", lambda x, y: (x[1:], y[1:])),
        ({"N": 3}, "the first row left out", lambda x, y: (x[1:], y[1:])),
        ({"N": 2}, "each column by itself, scaled to mean 0 and deviation 1 (of N - 1)",
         lambda x, y: ((x - x.mean(0)) / x.std(0, ddof=1), y)),
        ({}, "y divided by 255", lambda x, y: (x, y / 255)),
        ({}, "y -1", lambda x, y: (x, y - 1)),
        ({}, "y scaled to norm 1", lambda x, y: (x, y / np.sqrt((y * y).sum()))),
        ({}, "y, each row by itself, scaled to norm 1",
         lambda x, y: (x, y / np.linalg.norm(y, axis=1)[:, None])),
        ({}, "y, each row by itself, scaled to [0, 1]",
         lambda x, y: (x, (y - y.min(1)[:, None]) / np.ptp(y, 1)[:, None])),
        ({}, "y scaled to mean 0 and deviation 1 (of N - 1)",
         lambda x, y: (x, (y - y.mean()) / y.std(ddof=1))),
    ],
)  # fmt: skip
def test_data_of_other_shapes(
    sizes: dict[str, int], words: str, change: Callable[[Any, Any], tuple[Any, Any]]
) -> None:
    """What is done to few rows or columns, or to square data, is called by its name, too."""
    evidence = evidence_of("mlp", "loss", 0, "numpy", **sizes)
    x, y = change(evidence.problem.x, evidence.problem.y)
    assert words in str(data.other_data(of_data(evidence, x=x, y=y)))


def test_each_prediction_against_every_target_in_two_dimensions() -> None:
    """So is (N, 1) against (N,), from data of one column; those of two do not fit each other at all."""
    evidence = evidence_of("linear", "loss")
    x, y = evidence.problem.x, evidence.problem.y
    n = len(x)
    every = of_data(evidence, x=x[np.arange(n * n) // n], y=y[np.arange(n * n) % n])
    assert "each prediction against every target" in str(data.other_data(every))


@pytest.mark.parametrize(
    ("x", "known"),
    [([0.0, 1.0, 2.0], True), ([0.0, 1.0], False), ([0.0, 1.0, 4.0], False), ([0.0, 1.0, 4.0, 9.0], False)],
)
def test_points_without_the_last(x: list[float], known: bool) -> None:
    """Three points tell that they are evenly spaced; two do not."""
    evidence = evidence_of("sin", "loss", N=len(x))
    problem = replace(evidence.problem, x=np.array(x))
    reference = {
        0: replace(evidence.level[0], loss=float(evidence.program(problem, evidence.config).forward()))
    }
    evidence = replace(evidence, problem=problem, reference=reference, level=reference)
    fewer = np.linspace(x[0], x[-1], len(x), endpoint=False)
    assert ("without its end point" in str(data.other_data(of_data(evidence, x=fewer)))) == known


def test_three_explanations_are_enough() -> None:
    """Of all that fits, the first three are told, and each once."""
    assert told(["a", "a", "b", "c", "d"]) == "it is what it would be with a, or b, or c?"
    assert told([]) is None


# --- updates ----------------------------------------------------------------------------------------


def test_steps_that_are_no_other_rate() -> None:
    """None at all, or the other way, are other mistakes; of one number, any factor would fit."""
    evidence = evidence_of("mlp", "parameter", lr=1e-3)
    assert updates.learning_rate(stepped(evidence, w1=0.0, w2=0.0)) is None
    assert updates.learning_rate(stepped(evidence, w1=-1.0, w2=-1.0)) is None
    linear = evidence_of("linear", "parameter", N=7)
    assert updates.learning_rate(stepped(linear, w=0.371234)) is None
    assert "a mean where a sum belongs" in str(updates.learning_rate(stepped(linear, w=1 / 7)))


@pytest.mark.parametrize(
    ("lr", "factor", "written"),
    [(0.00123456, 1.7, True), (3e-3, 1.3 / 3, True), (0.00123456, 1.3 / 3, False)],
)
def test_a_rate_that_somebody_would_write(lr: float, factor: float, written: bool) -> None:
    """The factor is round, or the rate that it makes."""
    evidence = evidence_of("mlp", "parameter", lr=lr)
    said = str(updates.learning_rate(stepped(evidence, w1=factor, w2=factor)))
    assert said.startswith(f"the step is {factor:.4g} times as long, all parameters alike")
    assert said.endswith("by a factor that nobody would write") != written
    assert ("a learning rate of" in said) == written


def moved(evidence: Evidence, name: str, after: Callable[[str, Any], Any]) -> Evidence:
    """The evidence of a level with other parameters after the step."""
    step = evidence.level[evidence.step]
    other = replace(step, after={n: np.asarray(after(n, p)) for n, p in step.after.items()})
    return replace(evidence, name=name, level={**evidence.level, evidence.step: other})


def test_decay_of_the_weights_alone() -> None:
    """A decay is found of all parameters, of the weights without the biases, and of one of them."""
    evidence = evidence_of("mlp", "parameter", 0, "optim", bias=True, lr=0.1)
    before = evidence.level[0].before
    for some, of in ((("w1", "w2"), "the parameters"), (tuple(before), "the parameters"), (("b1",), "b1")):
        decayed = moved(evidence, some[0], lambda n, p, some=some: p - 0.03 * before[n] * (n in some))  # type: ignore[misc]
        said = updates.weight_decay(decayed)
        assert said == f"the step takes off 0.3 lr times {of} as well: a weight decay?"
    other = moved(evidence, "w1", lambda n, p: p - 0.1 * 0.3 * before[n] * (n in ("w1", "b2")))
    assert updates.weight_decay(other) is None


@pytest.mark.parametrize(
    ("task", "name", "sizes"),
    [("mlp", "w1", {"D_in": 6, "H": 6, "D_out": 3}), ("softmax", "w", {"D_in": 4, "D_out": 4})],
)
def test_steps_the_wrong_way_round(task: str, name: str, sizes: dict[str, int]) -> None:
    """A square parameter may be moved by its gradient's transposed."""
    evidence = evidence_of(task, "parameter", 0, "numpy", **sizes)
    before = evidence.level[0].before[name]
    turned = moved(evidence, name, lambda n, p: before + (p - before).T if n == name else p)
    assert "transposed" in str(updates.of_another_array(turned))


def test_a_clip_beside_a_large_parameter() -> None:
    """A step that is small beside its parameter is known to a few digits only, and may be round."""
    evidence = evidence_of("sin", "parameter", a=100.0, b=0.001, lr=1e-6)
    step = evidence.level[0]
    assert min(abs(g) for g in step.gradients.values()) > 0.5
    clipped = moved(evidence, "a", lambda n, _: step.before[n] - 1e-6 * np.clip(step.gradients[n], -0.5, 0.5))
    assert "counts for more than 0.5: clipped by value?" in str(updates.clipped_gradient(clipped))


@pytest.mark.parametrize(
    ("low", "high", "known"),
    [(-0.4, 0.4, True), (-2.6789, np.inf, True), (-np.inf, 2.6789, True), (0.0, np.inf, True),
     (-np.inf, 0.0, True), (-2.9, np.inf, True), (-np.inf, 2.9, True), (-2.8678, np.inf, False),
     (-np.inf, 2.8678, False)],
)  # fmt: skip
def test_bounds_to_one_side(low: float, high: float, known: bool) -> None:
    """From below, from above, or both; where one entry is cut, the bound must be a number to write."""
    evidence = evidence_of("mlp", "parameter")
    right = np.linspace(-3, 3, 30).reshape(5, 6) + 0.0123
    reference = {0: replace(evidence.level[0], after={**evidence.level[0].after, "w1": right})}
    evidence = replace(evidence, reference=reference, level=reference)
    kept = moved(evidence, "w1", lambda n, p: np.clip(p, low, high) if n == "w1" else p)
    said = f"it is the reference's kept within {low:.4g} and {high:.4g}: clamped?"
    assert updates.bounded(kept) == (said if known else None)


# --- rules of update --------------------------------------------------------------------------------


def adam(g: Any, memory: list[Any], *, betas: Any = (0.9, 0.999), eps: float = 1e-8, inside: float = 0.0,
         unbiased: bool = True) -> Any:  # fmt: skip
    """The step that Adam takes, from all gradients of a parameter so far."""
    memory.append(g)
    t = len(memory)
    m, v = (
        (1 - beta) * sum(beta ** (t - k) * each**power for k, each in enumerate(memory, 1))
        for beta, power in zip(betas, (1, 2), strict=True)
    )
    if unbiased:
        m, v = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    return m / ((v + inside) ** 0.5 + eps)


def rmsprop(g: Any, memory: list[Any], *, alpha: float = 0.99, eps: float = 1e-8, inside: float = 0.0) -> Any:
    """The step that RMSprop takes."""
    memory.append(g)
    v = sum((1 - alpha) * alpha**k * each**2 for k, each in enumerate(reversed(memory)))
    return g / ((v + inside) ** 0.5 + eps)


def of_rules(
    config: Any, right: Any, wrong: Any, decay: float = 0.0, size: float = 1e-3, resting: Sequence[str] = ()
) -> Evidence:
    """The evidence of a level with another rule, on gradients made up; at step k, resting[k] has none."""
    generator = np.random.default_rng(0)
    p = {"w1": generator.standard_normal((3, 2)), "w2": generator.standard_normal((2, 2))}
    rules: Any = ((right, 0.0, {n: [] for n in p}), (wrong, decay, {n: [] for n in p}))
    level, reference = {}, {}
    for k in range(4):
        grads = {n: size * generator.standard_normal(a.shape) for n, a in p.items()}
        grads |= {n: 0 * p[n] for n in resting[k : k + 1]}
        after = [
            {
                n: a - config.lr * rule(g + part * a, memory[n]) if (g := grads[n]).any() else a
                for n, a in p.items()
            }
            for rule, part, memory in rules
        ]
        reference[k], level[k] = (Step(0.0, p, grads, each) for each in after)
        if size_of(after[0]["w1"] - after[1]["w1"]) > 1e-12:
            return Evidence("parameter", "w1", k, level, reference, None, config, None)  # type: ignore[arg-type]
        level[k], p = reference[k], after[0]
    raise AssertionError("the rules do not part")


EPS = (0.0, 1e-10, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
INSIDE = (1e-8, 1e-10, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3)
DECAYS = (1e-4, 5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 0.1)
BETAS = [(0.9, b) for b in (0.9, 0.95, 0.98, 0.99, 0.9999)] + [
    (b, 0.999) for b in (0.0, 0.5, 0.8, 0.95, 0.99)
]
# What is said, the numbers, and the share of the parameters in the gradient.
Numbers = list[tuple[str | None, dict[str, Any], float]]
OF_BOTH: Numbers = [
    *((f"with an eps of {e:g}", {"eps": e}, 0.0) for e in EPS),
    *((f"with eps ({e:g}) inside the root", {"eps": 0.0, "inside": e}, 0.0) for e in INSIDE),
    *((f"with a weight decay of {d:g} in the gradient", {}, d) for d in DECAYS),
    (None, {"eps": 3e-5}, 0.0),
    (None, {}, 0.03),
]
OF_ADAM: Numbers = [
    ("without the correction of its bias", {"unbiased": False}, 0.0),
    ("with its betas exchanged", {"betas": (0.999, 0.9)}, 0.0),
    *((f"with betas {betas}", {"betas": betas}, 0.0) for betas in BETAS),
    (None, {"betas": (0.9, 0.97)}, 0.0),
]
OF_RMSPROP: Numbers = [(f"with alpha {a}", {"alpha": a}, 0.0) for a in (0.9, 0.95, 0.999, 0.5)]
NUMBERS = {"Adam": OF_BOTH + OF_ADAM, "RMSprop": OF_BOTH + OF_RMSPROP}


@pytest.mark.parametrize("rule", NUMBERS)
def test_numbers_of_a_rule(rule: str) -> None:
    """Every number that people take in place of a rule's own is found."""
    step: Any = {"Adam": adam, "RMSprop": rmsprop}[rule]
    config = config_of("mlp", "optim", optimizer=rule, lr=0.01)
    plain = config_of("mlp", "optim", optimizer="SGD", lr=0.01)
    for words, numbers, decay in NUMBERS[rule]:
        changed: Any = partial(step, **numbers)
        said = optimizers.other_numbers(of_rules(config, step, changed, decay))
        assert said == (words and f"the steps are those of {rule} {words}?")
        said = optimizers.other_rule(of_rules(plain, lambda g, _: g, changed, decay))
        # Without eps, Adam begins as others do.
        if words and numbers.get("eps", 1.0) + numbers.get("inside", 0.0) > 1e-9:
            assert str(said).startswith(f"the steps are those of {rule}"), words


def test_other_rules_from_their_first_step() -> None:
    """A rule is told by all of its steps; at the first it is one of several that begin alike."""
    for set_to, right in (("Adam", adam), ("RMSprop", rmsprop)):
        config = config_of("mlp", "optim", optimizer=set_to, lr=0.01)
        for words, wrong in {
            "plain SGD": lambda g, _: g,
            "the gradient's sign alone": lambda g, _: np.sign(g),
            "the gradient over its norm": lambda g, _: g / np.sqrt((g * g).sum()),
        }.items():
            said = str(optimizers.other_rule(of_rules(config, right, wrong)))
            assert said.startswith(f"the steps are those of {words}, or of one that begins like it: another")
    for words, together in (("its norm", False), ("the norm of all gradients", True)):
        evidence = evidence_of("mlp", "parameter", 1, "optim", optimizer="Adam", lr=0.01)

        def unit(p: Any, g: Any, together: bool = together) -> Any:
            norms = {n: float(np.linalg.norm(a)) for n, a in g.items()}
            return {
                n: p[n] - 0.01 * a / (np.linalg.norm([*norms.values()]) if together else norms[n])
                for n, a in g.items()
            }

        assert f"those of the gradient over {words}, or of" in str(
            optimizers.other_rule(trained_by(evidence, unit))
        )
    config = config_of("mlp", "optim", optimizer="Adam", lr=0.01)
    first: list[Any] = []

    def at_last_sgd(g: Any, memory: list[Any]) -> Any:
        return adam(g, memory) if first.append(0) or len(first) == 1 else g  # type: ignore[func-returns-value]

    late = of_rules(config, adam, at_last_sgd, resting=["w2"])
    assert late.step == 1
    assert optimizers.other_rule(late) is None, "at step 0 it was Adam"
    assert optimizers.other_rule_and_rate(late) is None
    far = replace(late, step=9, level={9: late.level[1]}, reference={9: late.reference[1]})
    assert optimizers.other_rule(far) is None, "steps between are not known"
    rested = of_rules(config, adam, partial(adam, betas=(0.9, 0.99)), resting=["w1", "w2"])
    assert rested.step == 2
    assert "with betas (0.9, 0.99)" in str(optimizers.other_numbers(rested))


def test_the_sign_of_nothing_is_no_step() -> None:
    """Up and down by the rate, whatever the size."""
    moved = optimizers._Sign(0.5).step({"w": np.ones(3)}, {"w": np.array([2.0, 0.0, -3.0])})
    assert moved["w"].tolist() == [0.5, 1.0, 1.5]


def test_a_velocity_with_another_share() -> None:
    """Momentum and dampening are told by the numbers of a later step, and neither where neither fits."""
    config = config_of("mlp", "dynamic", momentum=0.9, lr=0.01)

    def sgd(g: Any, memory: list[Any], kept: float = 0.9, taken: float = 1.0) -> Any:
        memory.append(kept * memory[-1] + taken * g if memory else g)
        return memory[-1]

    def noisy(g: Any, memory: list[Any]) -> Any:
        return sgd(g, memory) + (np.arange(g.size).reshape(g.shape) ** 2 if len(memory) > 1 else 0)

    for kept, said in {
        0.5: "the step keeps 0.5 of the last one: a momentum of 0.5 where 0.9 is set?",
        0.0: "the step keeps 0 of the last one: a momentum of 0 where 0.9 is set?",
        1.0: "the step is that of all gradients so far: never zeroed, or a momentum of 1?",
        0.89999: "the step keeps 0.9 of the last one: a momentum of 0.9 where 0.9 is set?",
    }.items():
        evidence = of_rules(config, sgd, partial(sgd, kept=kept))
        assert optimizers.momentum(evidence) == said
        assert optimizers.dampening(evidence) is None
        later = of_rules(config, sgd, partial(sgd, kept=kept), resting=["w1", "w2"])
        assert (later.step, optimizers.momentum(later)) == (2, said)
    dampened = of_rules(config, sgd, partial(sgd, taken=0.7))
    assert optimizers.dampening(dampened) == (
        "the velocity takes in 0.7 of the gradient: a dampening of 0.3?"
    )
    assert optimizers.momentum(dampened) is None
    for hypothesis in (optimizers.momentum, optimizers.dampening):
        assert hypothesis(of_rules(config, sgd, noisy, size=1.0)) is None
    averaged = of_rules(config, sgd, lambda g, memory: 0.9 * (memory or [0])[-1] + 0.1 * g)
    assert str(optimizers.averaged_gradients(averaged)).endswith(
        ", or a learning rate that is 0.1 of the one set?"
    )


def test_steps_that_are_alike() -> None:
    """To a billionth of the parameter, and not of its step."""
    before = np.array([2.0, 1e-3])
    assert optimizers._alike(before, before + 1e-9, before)
    assert not optimizers._alike(before, before + 1e-8, before)
    assert not optimizers._alike(0 * before, before * (1 + 1e-15), before)


# --- history ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_sums_and_means_over_steps(what: What) -> None:
    """Of the last two or of all so far, added up or averaged."""
    evidence = evidence_of("mlp", what, 2, lr=1e-3)
    for words, steps in {"this step's and the last's": (1, 2), "all steps' so far": (0, 1, 2)}.items():
        for word, n in (("sum", 1), ("mean", len(steps))):
            rows = [fit.arrays_of(evidence, evidence.reference[k]) for k in steps]
            total: Any = {name: sum(row[name] for row in rows) / n for name in rows[0]}
            found = (
                other_loss(evidence, float(total[""])) if what == "loss" else other_gradients(evidence, total)
            )
            end = (
                "an average over steps"
                if n > 1
                else "never zeroed"
                if what == "gradient"
                else "never started anew"
            )
            assert history.sum_so_far(found) == f"it is the {word} of {words}: {end}?"


@pytest.mark.parametrize(("step", "looked"), [(0, True), (7, True), (8, False)])
def test_a_loss_of_the_step_after(step: int, looked: bool) -> None:
    """An update before the loss is recorded shows at once; late in a training it is not looked for."""
    evidence = evidence_of("mlp", "loss", step, lr=1e-3)
    after = evidence_of("mlp", "loss", step + 1, lr=1e-3).reference[step + 1].loss
    said = f"it is the reference's of step {step + 1}: updated before it is recorded?"
    assert history.of_the_step_after(other_loss(evidence, after)) == (said if looked else None)


# --- how well an explanation must fit ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "size", "room"), [("gradient", 1.0, 1e-9), ("gradient", 1e3, 1e-6), ("start", 1.0, 1e-9)]
)
def test_an_explanation_holds_to_rounding(what: What, size: float, room: float) -> None:
    """A billionth of the largest entry may be left; a little more may not."""
    evidence = evidence_of("mlp", what)
    array = np.full(evidence.expected.shape, 0.5 * size)
    array[0, 0] = size
    found = moved_to(evidence, array)
    assert fit.fits(found, array)
    assert fit.fits(found, array + 0.99 * room)
    assert not fit.fits(found, array + 1.01 * room)


def test_an_explanation_must_explain() -> None:
    """Of the difference no more than a ten-thousandth may be left, however small both are."""
    evidence = evidence_of("mlp", "gradient")
    for left, enough in ((0.99e-4, True), (1.01e-4, False)):
        found = moved_to(evidence, evidence.expected + 1e-6)
        assert fit.fits(found, evidence.expected + (1 + left) * 1e-6) == enough
        found = moved_to(evidence, evidence.expected)
        assert not fit.fits(found, evidence.expected), "there is nothing to explain"
    empty = moved_to(evidence, evidence.expected[:0])
    assert not fit.fits(empty, evidence.expected[:0])


def test_a_step_must_fit_better_than_a_gradient() -> None:
    """It is computed from the level's own numbers: to 1e-12 of the step, and the parameter's last digits."""
    evidence = evidence_of("mlp", "parameter")
    before = evidence.level[0].before["w1"]
    for size, of_step in ((1e6, 1e-6), (1e-3, 1e-15)):
        array = before + size
        found = moved(evidence, "w1", lambda n, p, array=array: array if n == "w1" else p)  # type: ignore[misc]
        room = of_step + 4 * 2.0**-52 * max(np.abs(before).max(), np.abs(before + size).max())
        predicted = before + size
        assert fit.fits(found, predicted + 0.9 * room)
        assert not fit.fits(found, predicted + 1.2 * room)


@pytest.mark.parametrize(("left", "enough"), [(0.9e-9, True), (1.2e-9, False)])
def test_other_arrays_are_as_predicted_or_as_expected(left: float, enough: bool) -> None:
    """To a billionth of their size, or of a thousandth of the largest array where they are smaller."""
    evidence = evidence_of("mlp", "gradient")
    for size, measure in ((1e3, 1e3), (1e-2, 1.0)):
        shown = {"w1": np.full((5, 6), 1e3), "w2": np.full((6, 3), size)}
        found = replace(evidence, level={0: replace(evidence.level[0], gradients=shown)})
        for predicted in ({"w2": shown["w2"] + left * measure}, {"w2": shown["w2"]}):
            said = fit.explained(found, {"w1": shown["w1"], **predicted})
            assert said == (enough or predicted["w2"] is shown["w2"])
        assert not fit.explained(found, {"w1": shown["w1"]})
        assert not fit.explained(found, {"w2": shown["w2"]})


def test_what_is_believed_of_a_fitted_number() -> None:
    """Four entries that are not zero prove any number; fewer prove what somebody would have written."""
    assert fit.is_believable(0.123456, [np.ones(4)])
    assert not fit.is_believable(0.123456, [np.array([1.0, 2.0, 3.0, 0.0])])
    assert fit.is_believable(0.123, [np.ones(1)])
    assert [fit.is_round(n) for n in (1.25 * (1 + 5e-10), 1.25 * (1 + 2e-9))] == [True, False]
    assert np.isnan(fit.ratio([np.zeros(2)], [np.zeros(2)]))
    assert np.isnan(fit.ratio([np.ones(2)], [np.ones(3)]))
    assert fit.show(np.pi) == "3.142"


def moved_to(evidence: Evidence, array: Any) -> Evidence:
    """The evidence of a level that shows this array in place of the one that differs."""
    step = evidence.level[evidence.step]
    shown = {"start": "before", "gradient": "gradients"}[evidence.what]
    changed: Any = {shown: {**getattr(step, shown), evidence.name: array}}
    other = replace(step, **changed)
    return replace(evidence, level={**evidence.level, evidence.step: other})


# --- places and signs -------------------------------------------------------------------------------


def test_clipped_by_value_and_by_norm() -> None:
    """One entry that is cut must be cut at a round number; a norm must be round, and shorter."""
    evidence = evidence_of("mlp", "gradient")
    for bound in (0.5, 0.3):
        largest = bound * max(np.abs(g).max() for g in evidence.level[0].gradients.values())
        said = str(arrays.clipped(parted(evidence, lambda g, b=largest: np.clip(g, -b, b))))
        assert f"no entry is beyond {largest:.4g}, and" in said
    w1 = evidence.expected
    second, first = np.sort(np.abs(w1), axis=None)[-2:]
    odd, even = (second + first) / 2, float(f"{(second + first) / 2:.2g}")
    assert second < even < first
    assert arrays.clipped(moved_to(evidence, np.clip(w1, -odd, odd))) is None
    assert ", and 1 of the" in str(arrays.clipped(moved_to(evidence, np.clip(w1, -even, even))))
    norm = np.linalg.norm(w1)
    assert "it has the norm 1.5, " in str(arrays.clipped_by_norm(moved_to(evidence, w1 * 1.5 / norm)))
    assert arrays.clipped_by_norm(moved_to(evidence, w1 * 1.512345 / norm)) is None
    assert arrays.clipped_by_norm(moved_to(evidence, w1 * 3e5 / norm)) is None
    assert arrays.clipped_by_norm(moved_to(evidence, w1 * -1.5 / norm)) is None


def test_steps_of_eps_inside_the_root() -> None:
    """The correction of the bias is that of the step, later ones too."""
    generator = np.random.default_rng(0)
    for rule, plain, numbers in (
        (Adam(0.01, eps=0.0), adam, {}),
        (Adam(0.01, eps=0.0, unbiased=False), adam, {"unbiased": False}),
        (RMSprop(0.01, eps=0.0), rmsprop, {}),
    ):
        memory: list[Any] = []
        inside = optimizers._InsideRoot(rule, 0.1)
        for _ in range(3):
            g = generator.standard_normal(4)
            expected = 1 - 0.01 * plain(g, memory, eps=0.0, inside=0.1, **numbers)
            np.testing.assert_allclose(inside.step({"w": np.ones(4)}, {"w": g})["w"], expected, rtol=1e-12)


def test_the_right_numbers_in_another_shape() -> None:
    """A reshape is named; of more numbers, or of others, nothing is said."""
    evidence = evidence_of("mlp", "gradient")
    right = evidence.expected
    said = "the reference's numbers in the shape (6, 5): a reshape?"
    assert arrays.in_another_order(moved_to(evidence, right.reshape(6, 5))) == said
    assert arrays.in_another_order(moved_to(evidence, right.T)) is None
    assert arrays.in_another_order(moved_to(evidence, right[:, 1:])) is None


def test_numbers_of_few_digits() -> None:
    """Zeros have no digits; each number of decimals is told, and each type by how far it may be off."""
    evidence = evidence_of("mlp", "start")
    right = 0.3 * evidence.expected / np.abs(evidence.expected).max()
    evidence = replace(evidence, reference=moved_to(evidence, right).level)
    assert precision.few_decimals(moved_to(evidence, 0 * right)) is None
    assert precision.few_digits(moved_to(evidence, 0 * right)) is None
    for decimals in range(1, 10):
        said = precision.few_decimals(moved_to(evidence, right.round(decimals)))
        assert said == (f"it is the reference's rounded to {decimals} decimals?" if decimals < 9 else None)
    assert precision.few_decimals(moved_to(evidence, right.round(3)[:, 1:])) is None
    for dtype, largest in (("bfloat16", 0.2), ("float16", 0.05), ("float32", 1e-3)):
        for share, said in ((0.5, f"it has no more digits than {dtype}: computed in {dtype}?"), (1.5, None)):
            found = precision.CASTS[dtype](right + share * largest * 0.3)
            assert precision.few_digits(moved_to(evidence, found)) == said
        assert precision.few_digits(moved_to(evidence, precision.CASTS[dtype](right))) == (
            f"it is the reference's rounded to {dtype}: a cast?"
        )
