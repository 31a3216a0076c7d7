"""Levels that something else compiles: torch.compile, and JAX, which need not be installed."""

import importlib.util
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from autograd_cli.catalogue.registry import TASKS
from autograd_cli.contract.config import RunConfig
from tests.helpers import arrays, config_of, level_of, refused, small, trained_losses, verdicts_of

HAS_JAX = importlib.util.find_spec("jax") is not None
TASKS_OF = [name for name, task in TASKS.items() if any(level.compiles for level in task.levels)]


def losses_and_gradients(config: RunConfig) -> tuple[list[float], dict[str, np.ndarray]]:
    """Of some steps."""
    level, losses = level_of(config), []
    for _ in range(5):
        loss = level.forward()
        losses.append(loss.item())
        level.backward(loss)
        level.update()
    return losses, arrays(level.gradients)


@pytest.mark.parametrize("task", TASKS_OF)
def test_compile_traces_what_autograd_trains(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The function that is compiled is traced whole, and has the losses and gradients of `autograd`."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))  # no C++ is compiled
    losses, gradients = losses_and_gradients(small(task, "compile"))
    expected_losses, expected = losses_and_gradients(small(task, "autograd"))
    np.testing.assert_allclose(losses, expected_losses, rtol=1e-12)
    assert gradients.keys() == expected.keys()
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, expected[name], rtol=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS_OF)
def test_compile_is_verified(task: str) -> None:
    """Compiled in C++, it passes in every case, and repeats itself in another process."""
    (verdict,) = verdicts_of(task, "compile")
    assert verdict.passed


@pytest.mark.skipif(not HAS_JAX, reason="JAX is not installed")
@pytest.mark.parametrize("task", TASKS_OF)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_jax_trains_what_autograd_trains(task: str, dtype: str) -> None:
    """In either dtype, JAX's losses are those of `autograd` up to rounding, and so is its dtype."""
    config = config_of(task, "jax", dtype=dtype, steps=50)
    assert {array.dtype for array in arrays(level_of(config).parameters).values()} == {np.dtype(dtype)}
    expected = trained_losses(config_of(task, "autograd", dtype=dtype, steps=50))
    np.testing.assert_allclose(trained_losses(config), expected, rtol=1e-9 if dtype == "float64" else 1e-3)


@pytest.mark.skipif(HAS_JAX, reason="JAX is installed")
@pytest.mark.parametrize("command", ["train", "sweep", "verify"])
def test_jax_that_is_missing(tmp_path: Path, command: str) -> None:
    """A level whose extra is not installed is refused in a line that names the extra, and leaves nothing."""
    message = refused(command, "--task", "mlp", "--impl", "jax", cwd=tmp_path)
    assert "pip install 'autograd-cli[jax]'" in message
    assert not (tmp_path / "runs").exists()


def test_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a C++ compiler, `compile` is refused before there is a run directory."""
    monkeypatch.setenv("CXX", "no-such-compiler")
    message = refused("train", "--task", "sin", "--impl", "compile", cwd=tmp_path)
    assert "there is no C++ compiler 'no-such-compiler'" in message
    assert not (tmp_path / "runs").exists()
