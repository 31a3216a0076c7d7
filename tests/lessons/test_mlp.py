"""The task mlp: ReLU at its kink, and levels with biases."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.helpers import TRAINED, arrays, config_of, level_of, problem_of, small, trained_losses

every_mlp = pytest.mark.parametrize("impl", [impl for task, impl in TRAINED if task == "mlp"])


@every_mlp
@pytest.mark.parametrize(("w", "is_zero"), [(-1.0, True), (-0.5, False)], ids=["kink", "slope"])
def test_relu_has_no_gradient_at_zero(impl: str, w: float, is_zero: bool) -> None:
    """Where a pre-activation is exactly 0, nothing flows back through it, and where it is not, it does."""
    config = small("mlp", impl, D_in=2, H=1, D_out=1, N=1)
    ones, zeros = np.ones((1, 1)), np.zeros(1)
    start = {"w1": np.array([[1.0], [w]]), "w2": ones, "b1": zeros, "b2": zeros}
    start |= {"w_middle": ones, "b_middle": zeros}
    problem = replace(problem_of(config), x=np.ones((1, 2)), y=np.full((1, 1), 3.0), start=start)
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


@pytest.mark.parametrize("impl", ["optim", "module", "functional"])
def test_levels_with_biases_are_the_same_training(impl: str) -> None:
    """With biases and the start of nn.Linear, which verify leaves out, the levels agree with `nn`."""
    same: dict[str, Any] = {"dtype": "float64", "lr": 1e-4, "start": "uniform", "bias": True, "steps": 50}
    losses = [trained_losses(config_of("mlp", name, optimizer="SGD", **same)) for name in ("nn", impl)]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-9)
