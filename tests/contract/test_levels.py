"""One contract, held by every row of the registry."""

import ast
import inspect
import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import ndiff
from importlib import import_module
from itertools import pairwise
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import autograd_cli
from autograd_cli.catalogue.registry import TASKS
from autograd_cli.config.files import config_folder
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.keys import Value
from autograd_cli.contract.level import Level
from autograd_cli.contract.problem import Problem
from autograd_cli.training.loop import train
from tests.helpers import CELLS, arrays, config_of, level_of, losses_of, problem_of

LINES_ON_A_SCREEN = 64
# From one level to another that builds on it: how many lines, old and new ones counted, a lesson may take.
STEPS = {
    ("numpy", "tensor"): 20,
    ("tensor", "autograd"): 30,
    ("autograd", "function"): 25,
    ("autograd", "nn"): 40,
    ("nn", "optim"): 12,
    ("optim", "module"): 40,
    ("module", "functional"): 50,
    ("module", "dynamic"): 40,
    ("tensor", "batched"): 60,
}
SMALL = {
    "mlp": {"N": 7, "D_in": 5, "H": 6, "D_out": 3},
    "sin": {"N": 9},
    "linear": {"N": 5},
    "softmax": {"D_in": 4, "D_out": 3},
}
LADDER = [row.name for row in TASKS["mlp"].levels]  # the task that has every level

every_cell = pytest.mark.parametrize(("task", "impl"), CELLS, ids=[f"{task}-{impl}" for task, impl in CELLS])
every_mlp = pytest.mark.parametrize("impl", [row.name for row in TASKS["mlp"].levels])


def small(task: str, impl: str, **keys: Value) -> RunConfig:
    """A cell in float64 and a few numbers only."""
    sizes: dict[str, Value] = {"dtype": "float64", **SMALL[task]}
    return config_of(task, impl, **sizes | keys)


def gradients_after(level: Level, steps: int) -> dict[str, NDArray[Any]]:
    """The gradients of the forward pass that follows `steps` whole steps."""
    losses_of(train(level, steps))
    level.backward(level.forward())
    return arrays(level.gradients)


@every_cell
def test_it_stands_at_the_start(task: str, impl: str) -> None:
    """Before training, each parameter is the shared start, cast, and in the start's shape."""
    config = config_of(task, impl)
    start = problem_of(config).start
    parameters = arrays(level_of(config).parameters)
    assert set(parameters) <= set(start)
    for name, array in parameters.items():
        np.testing.assert_array_equal(array, start[name].astype(config.dtype), strict=True)


@every_cell
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_is_honoured(task: str, impl: str, dtype: str) -> None:
    """The loss, the parameters and the gradients all have the dtype that was asked for."""
    level = level_of(config_of(task, impl, dtype=dtype))
    loss = level.forward()
    level.backward(loss)
    level.update()
    everything = [loss, *level.parameters.values()]
    assert {str(array.dtype).removeprefix("torch.") for array in everything} == {dtype}


@every_cell
def test_three_verbs(task: str, impl: str) -> None:
    """forward() gives a finite 0-d loss, backward() a gradient a parameter, update() changes them."""
    level = level_of(config_of(task, impl))
    before = arrays(level.parameters)
    loss = level.forward()
    assert loss.ndim == 0
    assert isfinite(loss.item())
    assert all(np.array_equal(before[name], array) for name, array in arrays(level.parameters).items())
    level.backward(loss)
    gradients = arrays(level.gradients)
    assert {name: g.shape for name, g in gradients.items()} == {name: p.shape for name, p in before.items()}
    assert all(array.dtype.kind == "f" and np.isfinite(array).all() for array in gradients.values())
    assert all(np.array_equal(before[name], array) for name, array in arrays(level.parameters).items())
    level.update()
    after = arrays(level.parameters)
    changed = {name for name, array in after.items() if not np.array_equal(array, before[name])}
    assert changed == {name for name, gradient in gradients.items() if gradient.any()}
    assert changed


@every_cell
def test_loss_falls(task: str, impl: str) -> None:
    """Over some steps at the default settings the loss comes down."""
    losses = losses_of(train(level_of(config_of(task, impl)), 200))
    assert np.mean(losses[-20:]) < np.mean(losses[:20])


@every_cell
def test_gradients_are_central_differences(task: str, impl: str) -> None:
    """Along a random direction, the gradients agree with the difference of two losses."""
    config = small(task, impl, seed=5)
    problem = problem_of(config)
    level = level_of(config, problem)
    gradients = gradients_after(level, 0)
    generator = np.random.default_rng(1)
    direction = {name: generator.standard_normal(g.shape) for name, g in gradients.items()}

    def loss_at(distance: float) -> float:
        moved = {name: np.asarray(problem.start[name] + distance * step) for name, step in direction.items()}
        return float(level_of(config, replace(problem, start={**problem.start, **moved})).forward().item())

    h = 1e-6
    slope = (loss_at(h) - loss_at(-h)) / (2 * h)
    assert slope == pytest.approx(sum((gradients[n] * d).sum() for n, d in direction.items()), rel=1e-5)


@every_cell
def test_gradients_do_not_add_up(task: str, impl: str) -> None:
    """The gradients of the fourth step are those of a fresh level that starts from where it stands."""
    config = small(task, impl, lr=1e-5)
    problem = problem_of(config)
    level = level_of(config, problem)
    losses_of(train(level, 3))
    here: Mapping[str, NDArray[Any]] = {**problem.start, **arrays(level.parameters)}
    fresh = level_of(config, replace(problem, start=here))
    for _ in range(3):  # what `dynamic` draws at a forward pass depends on how many came before
        fresh.forward()
    expected = gradients_after(fresh, 0)
    for name, gradient in gradients_after(level, 0).items():
        np.testing.assert_allclose(gradient, expected[name], rtol=1e-12, atol=1e-12)


@every_cell
def test_same_configuration_gives_the_same_losses(task: str, impl: str) -> None:
    """Two trainings of one configuration are equal bit for bit; another seed gives other losses."""
    config = small(task, impl, lr=1e-6)
    losses = [losses_of(train(level_of(config), 20)) for _ in range(2)]
    assert losses[0] == losses[1]
    if not (task == "sin" and impl == "function"):
        other = small(task, impl, lr=1e-6, seed=1)
        assert losses_of(train(level_of(other), 20)) != losses[0]


@every_mlp
@pytest.mark.parametrize(("w", "is_zero"), [(-1.0, True), (-0.5, False)], ids=["kink", "slope"])
def test_relu_has_no_gradient_at_zero(impl: str, w: float, is_zero: bool) -> None:
    """Where a pre-activation is exactly 0, nothing flows back through it, and where it is not, it does."""
    config = small("mlp", impl, D_in=2, H=1, D_out=1, N=1)
    ones, zeros = np.ones((1, 1)), np.zeros(1)
    start = {"w1": np.array([[1.0], [w]]), "w2": ones, "b1": zeros, "b2": zeros}
    start |= {"w_middle": ones, "b_middle": zeros}
    problem = Problem(np.ones((1, 2)), np.full((1, 1), 3.0), start, np.random.SeedSequence(0))
    level = level_of(config, problem)
    for _ in range(8):  # `dynamic` goes through all its depths
        level.backward(level.forward())
        gradients = arrays(level.gradients)
        through = [gradients[name] for name in ("w1", "b1", "w_middle", "b_middle") if name in gradients]
        if is_zero:
            assert not any(array.any() for array in through)
        else:
            assert through[0].all()
        if "b2" in gradients:
            assert gradients["b2"].all()


@every_cell
def test_the_file_is_one_screen_and_says_what_changed(task: str, impl: str) -> None:
    """A level is a file that fits on a screen and whose first line names its place and what is new."""
    path = Path(autograd_cli.__file__).parent / "tasks" / task / f"{impl}.py"
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES_ON_A_SCREEN
    first_line = (ast.get_docstring(ast.parse(text)) or "").splitlines()[0]
    place = LADDER.index(impl) + 1
    assert re.fullmatch(rf"Level {place}, [\w ]+: .{{15,}}\.", first_line), first_line


@pytest.mark.parametrize(
    ("task", "below", "impl"),
    [(t, a, b) for t in TASKS for a, b in STEPS if {(t, a), (t, b)} <= set(CELLS)],
)
def test_a_step_up_changes_little(task: str, below: str, impl: str) -> None:
    """Side by side, a level and the one that it builds on differ by the lesson, and so in few lines."""
    folder = Path(autograd_cli.__file__).parent / "tasks" / task
    old, new = ((folder / f"{name}.py").read_text(encoding="utf-8").splitlines() for name in (below, impl))
    changed = [line for line in ndiff(old, new) if line.startswith(("- ", "+ "))]
    assert len(changed) <= STEPS[below, impl]


@every_cell
def test_the_file_stands_alone(task: str, impl: str) -> None:
    """A level imports its framework, the configuration and the problem, and no other level."""
    source = inspect.getsource(import_module(f"autograd_cli.tasks.{task}.{impl}"))
    imported = set(re.findall(r"^(?:from|import) (\S+)", source, re.MULTILINE))
    allowed = {"functools", "collections.abc", "numpy", "torch", "torch.nn.functional"}
    assert imported <= allowed | {"autograd_cli.contract.config", "autograd_cli.contract.problem"}


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_the_folder_is_the_matrix(task: Any) -> None:
    """The files of a task's folder are its levels, and its defaults stand in a file of its name."""
    folder = Path(autograd_cli.__file__).parent / "tasks" / task.name
    files = {path.stem for path in folder.glob("*.py")} - {"__init__", "problem", "reference"}
    assert files == {row.name for row in task.levels}
    assert (config_folder() / f"{task.name}.yaml").exists()


def test_rows_describe_themselves() -> None:
    """Every row says what it teaches, and no two neighbours say the same."""
    for task in TASKS.values():
        assert all(a.teaches != b.teaches for a, b in pairwise(task.levels))
        assert all(row.devices[0] == "cpu" for row in task.levels)
