"""Every entry of the tables that hypotheses try, made by other means, is called what it is."""

from collections.abc import Callable
from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from autograd_cli.verify.evidence import Arrays, Evidence
from autograd_cli.verify.hypotheses import explain
from tests.verify.evidence import evidence_of, other_gradients, other_loss, parted, trained_by

Change = Callable[[Any, Any], tuple[Any, Any]]


def said_of(evidence: Evidence) -> str:
    """What is said of it, which must be something."""
    said = explain(evidence)
    assert said is not None
    return said


def standard(array: Any, axis: int | None, ddof: int = 0) -> Any:
    """Mean 0 and deviation 1."""
    mean, deviation = np.mean(array, axis=axis), np.std(array, axis=axis, ddof=ddof)
    if axis in (1, -1):
        mean, deviation = mean[:, None], deviation[:, None]
    return (array - mean) / deviation


def unit(array: Any, axis: int | None) -> Any:
    """Norm 1."""
    return array / np.linalg.norm(array, axis=axis, keepdims=axis is not None)


DATA: dict[str, Change] = {
    "with the last row left out": lambda x, y: (x[:-1], y[:-1]),
    "with the first row left out": lambda x, y: (x[1:], y[1:]),
    "with the first row alone": lambda x, y: (x[:1], y[:1]),
    "with the last row alone": lambda x, y: (x[-1:], y[-1:]),
    "with the first 4 rows alone": lambda x, y: (x[:4], y[:4]),
    "with the last 5 rows alone": lambda x, y: (x[4:], y[4:]),
    "with y shifted by one row against x (+1)": lambda x, y: (x, y[[-1, *range(8)]]),
    "with y shifted by one row against x (-1)": lambda x, y: (x, y[[*range(1, 9), 0]]),
    "with the columns of y shifted by one (+1)": lambda x, y: (x, y[:, [2, 0, 1]]),
    "with the columns of y shifted by one (-1)": lambda x, y: (x, y[:, [1, 2, 0]]),
    "with the columns of x shifted by one (+1)": lambda x, y: (x[:, [4, 0, 1, 2, 3]], y),
    "with the columns of x shifted by one (-1)": lambda x, y: (x[:, [1, 2, 3, 4, 0]], y),
    "with the rows of y in reverse": lambda x, y: (x, y[list(range(8, -1, -1))]),
    "with the columns of y in reverse": lambda x, y: (x, y[:, [2, 1, 0]]),
    "with the columns of x in reverse": lambda x, y: (x[:, [4, 3, 2, 1, 0]], y),
    "with x reshaped where it should be transposed": lambda x, y: (x.ravel(order="F").reshape(x.shape), y),
    "with y reshaped where it should be transposed": lambda x, y: (x, y.reshape(3, 9).T),
    "with targets of 0": lambda x, y: (x, np.zeros(y.shape)),
    "with y with the opposite sign": lambda x, y: (x, -y),
    "with x with the opposite sign": lambda x, y: (-x, y),
    "with 1 - y for y": lambda x, y: (x, 1 - y),
    "with x of 1 throughout": lambda x, y: (np.ones(x.shape), y),
    "with x shifted to mean 0": lambda x, y: (x - np.mean(x), y),
    "with x, each column by itself, shifted to mean 0": lambda x, y: (x - x.mean(0), y),
    "with x, each row by itself, shifted to mean 0": lambda x, y: (x - x.mean(1)[:, None], y),
    "with x scaled to mean 0 and deviation 1": lambda x, y: (standard(x, None), y),
    "with x, each column by itself, scaled to mean 0 and deviation 1?": lambda x, y: (standard(x, 0), y),
    "with x, each row by itself, scaled to mean 0 and deviation 1": lambda x, y: (standard(x, 1), y),
    "with x, each column by itself, scaled to mean 0 and deviation 1 (of N - 1)": lambda x, y: (
        standard(x, 0, 1),
        y,
    ),
    "with y scaled to mean 0 and deviation 1": lambda x, y: (x, standard(y, None)),
    "with x scaled to [0, 1]": lambda x, y: (np.interp(x, (x.min(), x.max()), (0, 1)), y),
    "with y, each column by itself, scaled to [0, 1]": lambda x, y: (x, (y - y.min(0)) / np.ptp(y, 0)),
    "with x scaled to norm 1": lambda x, y: (unit(x, None), y),
    "with x, each row by itself, scaled to norm 1": lambda x, y: (unit(x, 1), y),
    "with x +1": lambda x, y: (x + 1, y),
    "with x -1": lambda x, y: (x - 1, y),
    "with y +1": lambda x, y: (x, y + 1),
    "with x divided by 255": lambda x, y: (x / 255, y),
    "with x rounded to float32": lambda x, y: (x.astype("f4").astype("f8"), y),
    "with y rounded to float16": lambda x, y: (x, y.astype("f2").astype("f8")),
    "with x and y rounded to bfloat16": lambda x, y: (
        torch.tensor(x).bfloat16().double().numpy(),
        torch.tensor(y).bfloat16().double().numpy(),
    ),
}


@pytest.mark.parametrize("words", DATA)
def test_other_data(words: str) -> None:
    """The loss of altered data is called by what was done to them."""
    evidence = evidence_of("mlp", "loss", N=9, D_in=5, H=6, D_out=3)
    x, y = DATA[words](evidence.problem.x, evidence.problem.y)
    loss = evidence.program(replace(evidence.problem, x=x, y=y), evidence.config).forward()
    assert words.removeprefix("with ") in said_of(other_loss(evidence, loss))


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("each prediction against every target", lambda x, y: (np.repeat(x, 9), np.tile(y, 9))),
        ("with y for x", lambda x, y: (y, y)),
        ("with x for y", lambda x, y: (x, x)),
        ("with targets of 0", lambda x, y: (x, 0 * y)),
    ],
)
def test_other_data_in_one_column(words: str, change: Change) -> None:
    """So is that of data that are one column."""
    evidence = evidence_of("sin", "loss")
    x, y = change(evidence.problem.x, evidence.problem.y)
    loss = evidence.program(replace(evidence.problem, x=x, y=y), evidence.config).forward()
    assert words.removeprefix("with ") in said_of(other_loss(evidence, loss))


def test_end_point() -> None:
    """Points that are evenly spaced, without the last."""
    evidence = evidence_of("sin", "loss")
    evidence = replace(evidence, problem=replace(evidence.problem, x=np.linspace(0, 4, 9)))
    steps = {0: replace(evidence.level[0], loss=1.0)}
    x = np.arange(9) * 4 / 9
    loss = evidence.program(replace(evidence.problem, x=x), evidence.config).forward()
    assert "with x without its end point" in said_of(
        other_loss(replace(evidence, reference=steps, level=steps), loss)
    )


@pytest.mark.parametrize(
    ("words", "change"),
    [
        ("with w2 left out", lambda w1, w2: (w1, 0 * w2)),
        ("with w2 with the opposite sign", lambda w1, w2: (w1, -w2)),
        ("with w1 transposed", lambda w1, w2: (w1.T, w2)),
        ("with w1 twice", lambda w1, w2: (w1 + w1, w2)),
        ("with w2 reshaped where it should be transposed", lambda w1, w2: (w1, w2.T.reshape(w2.shape))),
        ("with w1 rounded to float32", lambda w1, w2: (w1.astype("f4").astype("f8"), w2)),
        ("with w2 rounded to float16", lambda w1, w2: (w1, w2.astype("f2").astype("f8"))),
    ],
)
def test_other_use_of_parameters(words: str, change: Change) -> None:
    """The loss of altered parameters is called by what was done to them."""
    evidence = evidence_of("mlp", "loss", N=9, D_in=6, H=6, D_out=3)
    start = evidence.problem.start
    w1, w2 = change(start["w1"], start["w2"])
    other = replace(evidence.problem, start={**start, "w1": w1, "w2": w2})
    loss = evidence.program(other, evidence.config).forward()
    assert words.removeprefix("with ") in said_of(other_loss(evidence, loss))


ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "no ReLU": lambda h: h,
    "a sigmoid for the ReLU": torch.sigmoid,
    "tanh for the ReLU": torch.tanh,
    "a leaky ReLU (0.01)": functional.leaky_relu,
    "a leaky ReLU (0.1)": lambda h: functional.leaky_relu(h, 0.1),
    "a leaky ReLU (0.2)": lambda h: functional.leaky_relu(h, 0.2),
    "ELU for the ReLU": functional.elu,
    "SiLU for the ReLU": functional.silu,
    "softplus for the ReLU": lambda h: functional.softplus(h, threshold=1e3),
    "GELU (of tanh) for the ReLU": lambda h: functional.gelu(h, approximate="tanh"),
    "GELU for the ReLU": functional.gelu,
    "ReLU6 for the ReLU": functional.relu6,
    "an absolute value for the ReLU": torch.abs,
    "a square for the ReLU": torch.square,
    "the ReLU turned round": lambda h: h.clamp(max=0),
}
OUTPUTS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "a ReLU on the output": torch.relu,
    "a sigmoid on the output": torch.sigmoid,
    "tanh on the output": torch.tanh,
    "a softmax on the output": lambda z: z.softmax(1),
}


@pytest.mark.parametrize("words", [*ACTIVATIONS, *OUTPUTS])
def test_other_activation(words: str) -> None:
    """Another activation is called by its name; torch says what each is."""
    evidence = evidence_of("mlp", "loss", N=40, D_in=9, H=6, D_out=3)
    problem = evidence.problem
    x, y, w1, w2 = map(torch.tensor, (problem.x, problem.y, problem.start["w1"], problem.start["w2"]))
    z = ACTIVATIONS.get(words, torch.relu)(x @ w1) @ w2
    y_pred = OUTPUTS[words](z) if words in OUTPUTS else z
    loss = (y_pred - y).square().sum()
    assert f"with {words}" in said_of(other_loss(evidence, loss.item()))


MASKS: dict[str, Callable[[Any, Any], Any]] = {
    "no mask": lambda g, h: g,
    "a clamp for the mask": lambda g, h: np.clip(g, 0, None),
    "a clamp beside the mask": lambda g, h: np.where((h > 0) & (g > 0), g, 0),
    "the mask turned round": lambda g, h: np.where(h > 0, 0, g),
    "h for the mask": lambda g, h: np.where(h > 0, g * h, 0),
    "the mask of a leaky ReLU (0.01)": lambda g, h: np.where(h > 0, g, g / 100),
    "the mask of a leaky ReLU (0.1)": lambda g, h: np.where(h > 0, g, g / 10),
    "a sigmoid's derivative for ReLU's": lambda g, h: g / (2 + np.exp(h) + np.exp(-h)),
    "tanh's derivative for ReLU's": lambda g, h: g / np.cosh(h) ** 2,
    "the gradient of h rounded to float32": lambda g, h: np.where(h > 0, g, 0).astype("f4").astype("f8"),
    "the gradient of h rounded to float16": lambda g, h: np.where(h > 0, g, 0).astype("f2").astype("f8"),
    "the gradient of h rounded to bfloat16": lambda g, h: (
        torch.tensor(np.where(h > 0, g, 0)).bfloat16().double().numpy()
    ),
}


@pytest.mark.parametrize("words", MASKS)
def test_other_mask(words: str) -> None:
    """Another way back through the ReLU is called by what it does."""

    def stood_still(problem: Any) -> Any:
        """One h is exactly 0, where ReLU's derivative is said to be 0."""
        x = np.concatenate([0 * problem.x[:1], problem.x[1:]])
        return replace(problem, x=x, start={**problem.start, "b1": np.zeros(6)})

    evidence = evidence_of(
        "mlp", "gradient", impl="nn", change=stood_still, N=9, D_in=5, H=6, D_out=3, bias=True
    )
    problem, right, p = evidence.problem, evidence.reference[0].gradients, evidence.problem.start
    h = problem.x @ p["w1"] + p["b1"]
    errors = np.maximum(h, 0) @ p["w2"] + p["b2"] - problem.y
    back = MASKS[words](2 * errors @ p["w2"].T, h)
    gradients = {**right, "w1": problem.x.T @ back, "b1": back.sum(0)}
    assert f"with {words}" in said_of(other_gradients(evidence, gradients))


def by_torch(make: Callable[[Any], torch.optim.Optimizer]) -> Callable[[Arrays, Arrays], Arrays]:
    """Steps of an optimiser of torch."""
    tensors: dict[str, torch.Tensor] = {}
    made: list[torch.optim.Optimizer] = []

    def take_step(parameters: Arrays, gradients: Arrays) -> Arrays:
        if not made:
            tensors.update({name: torch.tensor(p, requires_grad=True) for name, p in parameters.items()})
            made.append(make(tensors.values()))
        for name, p in tensors.items():
            p.grad = torch.tensor(gradients[name])
        made[0].step()
        return {name: p.detach().numpy().copy() for name, p in tensors.items()}

    return take_step


O = torch.optim  # noqa: E741 - short, in a table
LR = 1e-2
RULES: list[tuple[dict[str, Any], Callable[[Any], O.Optimizer], str]] = [
    ({}, lambda p: O.Adam(p, LR), "those of Adam, or of one that begins like it:"),
    ({}, lambda p: O.Adam(p, LR, eps=1e-3), "those of Adam with an eps of 0.001, or of"),
    ({}, lambda p: O.RMSprop(p, LR), "those of RMSprop, or of"),
    ({}, lambda p: O.RMSprop(p, LR, alpha=0.9), "those of RMSprop with alpha 0.9, or of"),
    ({}, lambda p: O.Adagrad(p, LR), "those of Adagrad, or of"),
    ({}, lambda p: O.Adam(p, 3e-4), "that of Adam with a learning rate of 0.0003"),
    ({}, lambda p: O.RMSprop(p, 3e-4), "that of RMSprop with a learning rate of 0.0003"),
    ({}, lambda p: O.SGD(p, LR, momentum=0.7), "a momentum of 0.7 where none is set"),
    ({}, lambda p: O.SGD(p, LR, momentum=0.9, nesterov=True), "or Nesterov's momentum of 0.9"),
    ({}, lambda p: O.SGD(p, LR, momentum=0.99, nesterov=True), "or Nesterov's momentum of 0.99"),
    ({}, lambda p: O.SGD(p, LR, weight_decay=0.03), "takes off 0.03 lr times the parameters"),
    ({}, lambda p: O.SGD(p, LR, maximize=True), "uphill"),
    ({}, lambda p: O.SGD(p, 3 * LR), "a learning rate of 0.03 where 0.01 is set, or a sum where a mean"),
    ({}, lambda p: O.SGD(p, 2 * LR), "a learning rate of 0.02 where 0.01 is set, or two steps"),
    ({"momentum": 0.9}, lambda p: O.SGD(p, LR), "a momentum of 0 where 0.9 is set"),
    ({"momentum": 0.9}, lambda p: O.SGD(p, LR, momentum=0.5), "a momentum of 0.5 where 0.9 is set"),
    ({"momentum": 0.9}, lambda p: O.SGD(p, LR, momentum=0.9, nesterov=True), "g + 0.9 v where v belongs"),
    ({"momentum": 0.9}, lambda p: O.SGD(p, LR, momentum=0.9, dampening=0.2), "a dampening of 0.2"),
    ({"momentum": 0.9}, lambda p: O.Adam(p, LR), "those of Adam, or of one that begins like it:"),
    ({"optimizer": "Adam"}, lambda p: O.SGD(p, LR), "those of plain SGD, or of"),
    ({"optimizer": "Adam"}, lambda p: O.SGD(p, 3 * LR), "that of plain SGD with a learning rate of 0.03"),
    ({"optimizer": "Adam"}, lambda p: O.RMSprop(p, LR), "those of RMSprop, or of"),
    ({"optimizer": "Adam"}, lambda p: O.AdamW(p, LR, weight_decay=0.02), "takes off 0.02 lr times"),
    ({"optimizer": "Adam"}, lambda p: O.Adam(p, LR, betas=(0.999, 0.9)), "with its betas exchanged"),
    ({"optimizer": "Adam"}, lambda p: O.NAdam(p, LR), "all parameters alike, by a factor that nobody would"),
    ({"optimizer": "RMSprop"}, lambda p: O.Adam(p, LR), "those of Adam, or of one that begins like it:"),
    *(
        ({"optimizer": "Adam"}, lambda p, b=b: O.Adam(p, LR, betas=(0.9, b)), f"with betas (0.9, {b})")
        for b in (0.9, 0.95, 0.98, 0.99, 0.9999)
    ),
    *(
        ({"optimizer": "Adam"}, lambda p, b=b: O.Adam(p, LR, betas=(b, 0.999)), f"with betas ({b}, 0.999)")
        for b in (0.0, 0.5, 0.8, 0.95, 0.99)
    ),
    *(
        ({"optimizer": "Adam"}, lambda p, e=e: O.Adam(p, LR, eps=e), f"Adam with an eps of {e:g}")
        for e in (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
    ),
    *(
        ({"optimizer": "RMSprop"}, lambda p, e=e: O.RMSprop(p, LR, eps=e), f"RMSprop with an eps of {e:g}")
        for e in (1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
    ),
    *(
        ({"optimizer": "RMSprop"}, lambda p, a=a: O.RMSprop(p, LR, alpha=a), f"RMSprop with alpha {a}")
        for a in (0.9, 0.95, 0.999, 0.5)
    ),
    *(
        (
            {"optimizer": "RMSprop"},
            lambda p, d=d: O.RMSprop(p, LR, weight_decay=d),
            f"with a weight decay of {d:g} in the gradient",
        )
        for d in (1e-2, 5e-2, 0.1)
    ),
    *(
        (
            {"optimizer": "Adam"},
            lambda p, d=d: O.Adam(p, LR, weight_decay=d),
            f"with a weight decay of {d:g} in the gradient",
        )
        for d in (5e-4, 1e-3, 5e-3, 1e-2, 5e-2, 0.1)
    ),
]


@pytest.mark.parametrize(
    ("options", "make", "words"), RULES, ids=lambda each: each if type(each) is str else ""
)
def test_other_rule(
    options: dict[str, Any], make: Callable[[Any], O.Optimizer], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps of an optimiser of torch are called by its name, and by what of it is other than what is set."""
    evidence = of_rule(options, monkeypatch)
    assert words in said_of(trained_by(evidence, by_torch(make)))


@pytest.mark.parametrize("make", [lambda p: O.NAdam(p, LR), lambda p: O.RMSprop(p, 2 * LR, centered=True)])
def test_unknown_rule(make: Callable[[Any], O.Optimizer], monkeypatch: pytest.MonkeyPatch) -> None:
    """An optimiser that no hypothesis knows is called nothing."""
    evidence = of_rule({"momentum": 0.9}, monkeypatch)
    assert explain(trained_by(evidence, by_torch(make))) is None


def of_rule(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Evidence:
    """Evidence of mlp over some steps of the rule that `options` name."""
    from autograd_cli.contract.config import RunConfig
    from tests.helpers import small

    def configured(task: str, impl: str, **keys: Any) -> RunConfig:
        config = small(task, impl, **keys)
        return replace(config, lr=LR, options={**config.options, **options})

    monkeypatch.setattr("tests.verify.evidence.small", configured)
    return evidence_of("mlp", "parameter", 4, N=9, D_in=5, H=6, D_out=3)


STARTS: dict[str, Callable[[Any], Any]] = {
    "1/√fan_in": lambda w: w / sqrt(7),
    "√(2/fan_in), Kaiming's of": lambda w: w * sqrt(2 / 7),
    "√(2/(fan_in + fan_out)), Glorot's": lambda w: w * sqrt(2 / 10),
    "1/√fan_out": lambda w: w / sqrt(3),
    "√(2/fan_out), Kaiming's of the way back": lambda w: w * sqrt(2 / 3),
    "0.02 of the shared start: scaled": lambda w: 0.02 * w,
    "1 of the shared start, with the opposite sign": lambda w: -w,
    "default_rng(0).standard_normal draws": lambda w: np.random.default_rng(0).normal(size=w.shape),
    "default_rng(0).uniform(-1, 1) draws": lambda w: np.random.default_rng(0).uniform(-1, 1, w.shape),
    "np.random.seed(0), randn draws": lambda w: np.random.RandomState(0).randn(*w.shape),
    "np.random.seed(0), rand draws": lambda w: np.random.RandomState(0).rand(*w.shape),
    "default_rng(42).standard_normal draws": lambda w: np.random.default_rng(42).normal(size=w.shape) * 0.01,
    "its rows reversed": lambda w: w[::-1],
    "its columns reversed": lambda w: w[:, ::-1],
    "its rows shifted by one": lambda w: w[[6, 0, 1, 2, 3, 4, 5]],
    "its columns shifted by one": lambda w: w[:, [1, 2, 0]],
    "its rows in another order": lambda w: w[[3, 1, 0, 2, 5, 4, 6]],
    "its columns in another order": lambda w: w[:, [1, 0, 2]],
    "numbers in another order": lambda w: np.sort(w, axis=None).reshape(w.shape),
    "rounded to 3 decimals": lambda w: w.round(3),
    "rounded to float16": lambda w: w.astype("f2").astype("f8"),
    "without its decimals": lambda w: w.astype(int).astype("f8"),
}


@pytest.mark.parametrize("words", STARTS)
def test_other_start(words: str) -> None:
    """A start of the level's own is called by what it is in terms of the shared one, or by what drew it."""
    evidence = replace(evidence_of("mlp", "start", N=9, D_in=5, H=7, D_out=3), name="w2")
    step = evidence.level[0]
    before = {**step.before, "w2": STARTS[words](step.before["w2"])}
    level = {0: replace(step, before=before)}
    assert words in said_of(replace(evidence, level=level))


LOSSES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "absolute errors would": lambda p, y: functional.l1_loss(p, y, reduction="sum"),
    "absolute errors, averaged, would": functional.l1_loss,
    "Huber's loss, averaged, would": functional.smooth_l1_loss,
    "the log cosh of the errors would": lambda p, y: (p - y).cosh().log().sum(),
    "fourth powers of the errors would": lambda p, y: (p - y).pow(4).sum(),
    "errors without a square would": lambda p, y: (p - y).sum(),
    "the square of the errors' sum would": lambda p, y: (p - y).sum().square(),
    "the square of the errors' mean would": lambda p, y: (p - y).mean().square(),
    "the squares of each row's sum would": lambda p, y: (p - y).sum(1).square().sum(),
    "the squares of each row's mean would": lambda p, y: (p - y).mean(1).square().sum(),
    "the squares of the first output alone would": lambda p, y: (p - y)[:, 0].square().sum(),
    "the squares of the last output alone, averaged, would": lambda p, y: (p - y)[:, 2].square().mean(),
    "the largest square alone would": lambda p, y: (p - y).square().max(),
    "the median of the squares would": lambda p, y: (p - y).square().quantile(0.5),
    "the norm of each row would": lambda p, y: (p - y).norm(dim=1).sum(),
    "the root of the reference's:": lambda p, y: (p - y).norm(),
    "the root of the reference's over 10:": lambda p, y: (p - y).norm() / 10**0.5,
    "the root of the reference's over 30:": lambda p, y: functional.mse_loss(p, y).sqrt(),
    "the root of 10 times the reference's:": lambda p, y: (p - y).norm() * 10**0.5,
    "4 of the reference's: a factor 2 twice": lambda p, y: 4 * (p - y).square().sum(),
    "1/4 of the reference's: a factor 2 forgotten twice": lambda p, y: (p - y).square().sum() / 4,
    "1/5 = 2/N of the reference's: a mean": lambda p, y: 2 * (p - y).square().sum() / 10,
    "1/20 = 1/(2 N) of the reference's: a mean": lambda p, y: (p - y).square().sum() / 20,
    "20 = 2 N of the reference's: a sum": lambda p, y: 20 * (p - y).square().sum(),
    "5 = N/2 of the reference's: a sum": lambda p, y: 5 * (p - y).square().sum(),
    "1/7 = 1/D_in of the reference's: a mean": lambda p, y: (p - y).square().sum() / 7,
    "10/7 = N/D_in of the reference's: a mean over D_in": lambda p, y: 10 * (p - y).square().sum() / 7,
    "a logarithm to the base 10": lambda p, y: (p - y).square().sum() / np.log(10),
    "it is 0: nothing": lambda p, y: 0 * p.sum(),
}


@pytest.mark.parametrize("words", LOSSES)
def test_other_loss(words: str) -> None:
    """Another loss of the same predictions is called by its name."""
    evidence = evidence_of("mlp", "loss", N=10, D_in=7, H=6, D_out=3)
    problem = evidence.problem
    x, y, w1, w2 = map(torch.tensor, (problem.x, problem.y, problem.start["w1"], problem.start["w2"]))
    loss = LOSSES[words]((x @ w1).relu() @ w2, y)
    assert words in said_of(other_loss(evidence, loss.item()))


def bce(p: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The task's loss."""
    return functional.binary_cross_entropy(p, y)


ENTROPIES: dict[str, Callable[[torch.Tensor, torch.Tensor], torch.Tensor]] = {
    "the labels' part alone, -Σ y log p?": lambda z, y: -(z.log_softmax(0) * y).mean(),
    "the labels' part alone, -Σ y log p, summed?": lambda z, y: functional.cross_entropy(z, y),
    "the part without the labels alone": lambda z, y: -((1 - y) * (1 - z.softmax(0)).log()).mean(),
    "a sigmoid for the softmax": functional.binary_cross_entropy_with_logits,
    "a softmax of the softmax": lambda z, y: bce(z.softmax(0).softmax(0), y),
    "1 - y for y": lambda z, y: bce(z.softmax(0), 1 - y),
    "squared errors for the cross-entropy": lambda z, y: functional.mse_loss(z.softmax(0), y),
    "squared errors for the cross-entropy, summed": lambda z, y: (z.softmax(0) - y).square().sum(),
    "a softmax to the base 2": lambda z, y: bce((z * np.log(2)).softmax(0), y),
    "labels smoothed by 0.1": lambda z, y: bce(z.softmax(0), 0.9 * y + 0.1 / 3),
}


@pytest.mark.parametrize("words", ENTROPIES)
def test_other_cross_entropy(words: str) -> None:
    """Another cross-entropy is called by what it is of."""
    evidence = evidence_of("softmax", "loss")
    x, y, w, b = map(
        torch.tensor, (evidence.problem.x, evidence.problem.y, *map(evidence.problem.start.get, "wb"))
    )
    loss = ENTROPIES[words](x @ w + b, y)
    assert f"with {words}" in said_of(other_loss(evidence, loss.item()))


@pytest.mark.parametrize(
    ("words", "way"),
    [
        ("p - y, the derivative for labels that sum to 1", lambda p, y: p - y),
        ("(p - y)/n, the derivative through a sigmoid", lambda p, y: (p - y) / 5),
        ("the derivative by p", lambda p, y: (p - y) / (p - p**2) / 5),
        (
            "the derivative by p: the softmax's own is left out, without 1/n",
            lambda p, y: (p - y) / (p - p**2),
        ),
        ("the softmax's sum taken for a constant", lambda p, y: (p - y) / (1 - p) / 5),
        ("the labels' part alone", lambda p, y: (p * y.sum() - y) / 5),
    ],
)
def test_other_way_back(words: str, way: Callable[[Any, Any], Any]) -> None:
    """Another derivative of the cross-entropy, of several labels, is called by what it is of."""
    evidence = evidence_of("softmax", "gradient", D_out=5)
    problem = evidence.problem
    e = np.exp(problem.x @ problem.start["w"] + problem.start["b"])
    grad = way(e / e.sum(), problem.y)
    gradients = {"w": problem.x[:, None] * grad, "b": grad}
    assert words in said_of(other_gradients(evidence, gradients))


def test_penalty_in_parts() -> None:
    """A penalty of one array is called by its size, and by how many it is of."""
    evidence = evidence_of("mlp", "gradient", N=9, D_in=5, H=6, D_out=3)
    step = evidence.reference[0]
    one = {**step.gradients, "w1": step.gradients["w1"] + 0.3 * step.before["w1"]}
    assert "0.3 times the parameter:" in said_of(other_gradients(evidence, one))
    both = {name: g + 0.3 * step.before[name] for name, g in step.gradients.items()}
    assert "0.3 times the parameters:" in said_of(other_gradients(evidence, both))


def test_broadcasts() -> None:
    """What a reduction along each axis gives is told from the other."""
    evidence = evidence_of("mlp", "gradient", N=9, D_in=5, H=6, D_out=3)
    for axis in (0, 1):
        for word in ("mean", "sum"):

            def spread(g: Any, axis: int = axis, word: str = word) -> Any:
                return getattr(g, word)(axis=axis, keepdims=True) + np.zeros_like(g)

            assert f"along axis {axis} are all the {word}" in said_of(parted(evidence, spread))
