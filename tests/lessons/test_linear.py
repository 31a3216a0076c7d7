"""The task linear: its levels are the document's program."""

import math

import numpy as np
import pytest
import torch

from tests.helpers import LEVELS, config_of, describe, problem_of, trained_losses


@pytest.mark.parametrize("impl", LEVELS["linear"])
def test_linear_is_the_document_s_program(impl: str) -> None:
    """Each level of linear has the losses of nn.Linear(1, 1), MSELoss and SGD from the same start."""
    config = config_of("linear", impl)
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
    np.testing.assert_allclose(trained_losses(config), expected, rtol=1e-4)


@pytest.mark.parametrize("start", ["normal", "uniform"])
def test_linear_starts(start: str) -> None:
    """Linear starts within (-1, 1) as nn.Linear(1, 1) does, or beyond it as N(0, 1)."""
    configs = [config_of("linear", "numpy", start=start, seed=seed) for seed in range(100)]
    drawn = [problem_of(config).start["w"].item() for config in configs]
    assert (max(map(abs, drawn)) <= 1) == (start == "uniform")
    assert np.std(drawn) == pytest.approx(1 if start == "normal" else 1 / math.sqrt(3), rel=0.25)


def test_a_result_is_a_formula() -> None:
    """A line is described by its slope and its sign, as people write it."""
    parameters = {"w": np.array([[2.01]]), "b": np.array([-0.5])}
    assert describe(config_of("linear", "numpy"), parameters) == "y = 2.01 x - 0.5"
