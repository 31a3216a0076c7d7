"""One contract, held by every row of the registry."""

from math import isfinite

import numpy as np
import pytest

from tests.helpers import (
    arrays,
    config_of,
    every_trained,
    level_of,
    model_shapes,
    problem_of,
    small,
    trained_losses,
)


@every_trained
def test_it_stands_at_the_start(task: str, impl: str) -> None:
    """Before training, each parameter is the shared start, cast, and in the start's shape."""
    config = config_of(task, impl)
    start = problem_of(config).start
    parameters = arrays(level_of(config).parameters)
    assert set(parameters) <= set(start)
    for name, array in parameters.items():
        np.testing.assert_array_equal(array, start[name].astype(config.dtype), strict=True)


@every_trained
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtype_is_honoured(task: str, impl: str, dtype: str) -> None:
    """The loss, the parameters and the gradients all have the dtype that was asked for."""
    level = level_of(config_of(task, impl, dtype=dtype))
    loss = level.forward()
    level.backward(loss)
    everything = [loss, *level.gradients.values()]
    level.update()
    everything += level.parameters.values()
    assert {str(array.dtype).removeprefix("torch.") for array in everything} == {dtype}


@every_trained
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


@every_trained
def test_loss_falls(task: str, impl: str) -> None:
    """Over some steps at the default settings the loss comes down."""
    losses = trained_losses(config_of(task, impl, steps=200))
    assert np.mean(losses[-20:]) < np.mean(losses[:20])


@every_trained
def test_another_seed_gives_other_losses(task: str, impl: str) -> None:
    """The seed reaches data or start, unless the configuration leaves nothing to draw."""
    losses = [trained_losses(small(task, impl, lr=1e-6, steps=5, seed=seed)) for seed in (0, 1)]
    nothing_is_drawn = task == "sin" and impl in ("function", "batched_function")
    assert (losses[0] == losses[1]) == nothing_is_drawn


@every_trained
def test_the_model_is_known_before_it_is_made(task: str, impl: str) -> None:
    """The shapes that problem.py tells of a model are those of its level's parameters."""
    config = small(task, impl)
    shapes = {name: array.shape for name, array in arrays(level_of(config).parameters).items()}
    assert model_shapes(config) == shapes
