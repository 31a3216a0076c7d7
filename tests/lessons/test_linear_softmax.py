"""The tasks linear and softmax: the levels are one training, and their gradients are right."""

import math
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import binary_cross_entropy

from autograd_cli.catalogue.registry import TASKS, find_cell, level_names
from autograd_cli.contract.config import RunConfig
from autograd_cli.errors import ConfigError
from autograd_cli.tasks.linear import problem as linear
from autograd_cli.tasks.softmax import problem as softmax
from autograd_cli.tasks.softmax.function import SoftmaxFunction
from autograd_cli.tasks.softmax.numpy import Softmax
from tests.helpers import config_from, level_of, problem_of

LINEAR = [row.name for row in TASKS["linear"].levels]
SOFTMAX = [row.name for row in TASKS["softmax"].levels]
ALL_ROWS = [(task.name, row.name) for task in TASKS.values() for row in task.levels]


def configure(task: str, impl: str, **keys: object) -> RunConfig:
    """The configuration of a level with some keys changed."""
    return config_from(f"task={task}", f"impl={impl}", *(f"{name}={value}" for name, value in keys.items()))


def losses_of(config: RunConfig) -> list[float]:
    """The losses of the configured number of steps."""
    level = level_of(config)
    losses = []
    for _ in range(config.steps):
        loss = level.forward()
        losses.append(loss.item())
        level.backward(loss)
        level.update()
    return losses


@pytest.mark.parametrize("impl", LINEAR)
def test_linear_is_the_document_s_program(impl: str) -> None:
    """Each level of linear has the losses of nn.Linear(1, 1), MSELoss and SGD from the same start."""
    config = configure("linear", impl)
    start = problem_of(config).start
    x = torch.arange(0, 11, dtype=torch.float32).reshape(-1, 1)
    model, loss_fn = torch.nn.Linear(1, 1), torch.nn.MSELoss()
    model.load_state_dict({"weight": torch.tensor(start["w"]), "bias": torch.tensor(start["b"])})
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    expected = []
    for _ in range(500):
        optimizer.zero_grad()
        loss = loss_fn(model(x), 2 * x + 1)
        loss.backward()
        optimizer.step()
        expected.append(loss.item())
    np.testing.assert_allclose(losses_of(config), expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("task", "impl"), [("linear", i) for i in LINEAR] + [("softmax", i) for i in SOFTMAX]
)
def test_levels_train_alike(task: str, impl: str) -> None:
    """Every level of the two tasks has numpy's losses within 1e-9 in float64."""
    expected = losses_of(configure(task, "numpy", dtype="float64"))
    np.testing.assert_allclose(losses_of(configure(task, impl, dtype="float64")), expected, rtol=1e-9)


@pytest.mark.parametrize("start", ["normal", "uniform"])
def test_linear_starts(start: str) -> None:
    """Linear starts within (-1, 1) as nn.Linear(1, 1) does, or beyond it as N(0, 1)."""
    make = linear.make
    drawn = [make(configure("linear", "numpy", start=start, seed=s)).start["w"].item() for s in range(100)]
    assert (max(map(abs, drawn)) <= 1) == (start == "uniform")
    assert np.std(drawn) == pytest.approx(1 if start == "normal" else 1 / math.sqrt(3), rel=0.25)


def test_softmax_falls_to_its_least_loss() -> None:
    """Training softmax ends where all outputs are equal, at ln(3/2)."""
    losses = losses_of(configure("softmax", "numpy", dtype="float64"))
    assert losses[0] > 0.5
    assert losses[-1] == pytest.approx(math.log(1.5), rel=1e-4)


def softmax_at(w: Any, b: Any, y: Any) -> Softmax:
    """The numpy level of softmax at given parameters and labels, in float64."""
    w, b, y = (np.array(a, dtype=np.float64) for a in (w, b, y))
    config = configure("softmax", "numpy", dtype="float64", D_in=len(w), D_out=len(b))
    problem = problem_of(config)
    level = level_of(config, replace(problem, y=y, start={"w": w, "b": b}))
    assert isinstance(level, Softmax)
    return level


finite = st.floats(-4, 4)


@settings(deadline=None)
@given(st.data(), st.integers(1, 4), st.integers(2, 4))
def test_softmax_gradient_is_autograd_s(data: st.DataObject, D_in: int, D_out: int) -> None:
    """The gradient by hand is torch's own through softmax and binary_cross_entropy, for any labels."""
    rows = st.lists(finite, min_size=D_out, max_size=D_out)
    w = data.draw(st.lists(rows, min_size=D_in, max_size=D_in).filter(_keeps_torch_s_digits))
    b = [0.5 * value for value in data.draw(st.lists(st.floats(-1, 1), min_size=D_out, max_size=D_out))]
    y = data.draw(st.lists(st.floats(0, 1), min_size=D_out, max_size=D_out))
    level = softmax_at(w, b, y)
    loss = level.forward()
    level.backward(loss)
    tw, tb = (torch.tensor(a, dtype=torch.float64, requires_grad=True) for a in (w, b))
    outputs = (torch.ones(D_in, dtype=torch.float64) @ tw + tb).softmax(dim=0)
    expected = binary_cross_entropy(outputs, torch.tensor(y, dtype=torch.float64))
    expected.backward()  # type: ignore[no-untyped-call]
    assert tw.grad is not None
    assert tb.grad is not None
    np.testing.assert_allclose(loss, expected.item(), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(level.gradients["w"], tw.grad, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(level.gradients["b"], tb.grad, rtol=1e-7, atol=1e-9)


def _keeps_torch_s_digits(w: list[list[float]]) -> bool:
    """Whether no output comes so near to 1 that 1 - p, as torch computes it, loses half of its digits."""
    z = np.sum(w, axis=0)
    return float(np.ptp(z)) < 12


@pytest.mark.parametrize("seed", range(3))
def test_softmax_gradient_is_the_loss_s_slope(seed: int) -> None:
    """The gradient by hand agrees with central differences of the loss in every coordinate."""
    rng = np.random.default_rng(seed)
    start = {"w": rng.standard_normal((5, 3)), "b": rng.standard_normal(3)}
    y, h = rng.uniform(size=3), 1e-5
    level = softmax_at(**start, y=y)
    level.backward(level.forward())
    for name, gradient in level.gradients.items():
        for index in np.ndindex(gradient.shape):
            ends = []
            for sign in (1, -1):
                moved = {key: value.copy() for key, value in start.items()}
                moved[name][index] += sign * h
                ends.append(softmax_at(**moved, y=y).forward())
            assert gradient[index] == pytest.approx((ends[0] - ends[1]) / (2 * h), abs=1e-9)


def test_softmax_by_hand_survives_extreme_outputs() -> None:
    """Where 1 - p underflows, the loss by hand is still exact, and its gradient finite."""
    level = softmax_at([[1000, 0, -1000]], [0, 0, 0], [0, 0, 0])
    loss = level.forward()
    level.backward(loss)
    assert loss == pytest.approx(1000 / 3)
    np.testing.assert_allclose(level.gradients["b"], [1 / 3, -1 / 3, 0], atol=1e-12)


def test_softmax_function_passes_gradcheck() -> None:
    """SoftmaxFunction is torch's softmax, with right first and second derivatives."""
    z = torch.randn(4, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    torch.testing.assert_close(SoftmaxFunction.apply(z), z.softmax(dim=0))  # type: ignore[no-untyped-call]
    assert torch.autograd.gradcheck(SoftmaxFunction.apply, (z,))
    assert torch.autograd.gradgradcheck(SoftmaxFunction.apply, (z,))


@pytest.mark.parametrize(("task", "impl"), ALL_ROWS, ids=lambda name: name)
def test_interface_is_the_level_s(task: str, impl: str) -> None:
    """What problem.py says of a model's parameters is what its level has, for every row."""
    small = {"D_in": 3, "H": 4, "D_out": 2, "N": 5}
    keys = {key.name for key in TASKS[task].keys}
    config = configure(task, impl, **{name: value for name, value in small.items() if name in keys})
    model = find_cell(task, impl).model
    shapes = {name: tuple(p.shape) for name, p in level_of(config).parameters.items()}
    assert find_cell(task, "numpy").problems.signature(model, config).parameters == shapes


@pytest.mark.parametrize("task", ["linear", "softmax"])
def test_a_missing_cell_says_why(task: str) -> None:
    """A level that the documents' tasks have and this one lacks is refused with its own reason."""
    rows = {row.name for row in TASKS[task].levels}
    assert {row.name for row in TASKS["mlp"].levels} == rows | set(TASKS[task].absent)
    assert not rows & set(TASKS[task].absent)
    assert set(TASKS[task].absent) <= set(level_names())
    for name, reason in TASKS[task].absent.items():
        with pytest.raises(ConfigError) as caught:
            configure(task, name)
        allowed = ", ".join(row.name for row in TASKS[task].levels)
        assert str(caught.value) == (
            f"argument 'impl={name}': task {task} has no implementation '{name}': {reason} "
            f"(allowed: {allowed})"
        )


def test_list_shows_the_reasons() -> None:
    """`evo list` names what each task has, and for what it lacks the reason."""
    command = [sys.executable, "-m", "autograd_cli", "list"]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert "linear: a line fitted to points of y = 2x + 1" in lines
    for task in TASKS.values():
        assert {f"  no {name}: {reason}" for name, reason in task.absent.items()} <= set(lines)


def test_results_are_described() -> None:
    """Linear ends with its formula, softmax with its outputs, as long as they fit into a line."""
    line = {"w": np.array([[2.01]]), "b": np.array([-0.5])}
    assert linear.describe("line", line) == "y = 2.01 x - 0.5"
    assert (
        softmax.describe("softmax", {"w": np.zeros((5, 4)), "b": np.zeros(4)})
        == "outputs = 0.25, 0.25, 0.25, 0.25"
    )
    assert softmax.describe("softmax", {"w": np.zeros((5, 11)), "b": np.zeros(11)}) is None
