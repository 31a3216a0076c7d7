"""The task softmax: its gradient by hand, its operation, its end."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import binary_cross_entropy

from autograd_cli.tasks.softmax.function import SoftmaxFunction
from autograd_cli.tasks.softmax.numpy import Softmax
from tests.helpers import config_of, describe, level_of, problem_of, trained_losses


def test_softmax_falls_to_its_least_loss() -> None:
    """Training softmax ends where all outputs are equal, at ln(3/2)."""
    losses = trained_losses(config_of("softmax", "numpy", dtype="float64"))
    assert losses[0] > 0.5
    assert losses[-1] == pytest.approx(math.log(1.5), rel=1e-4)


def softmax_at(w: Any, b: Any, y: Any) -> Softmax:
    """The numpy level of softmax at given parameters and labels, in float64."""
    w, b, y = (np.array(a, dtype=np.float64) for a in (w, b, y))
    config = config_of("softmax", "numpy", dtype="float64", D_in=len(w), D_out=len(b))
    level = level_of(config, replace(problem_of(config), y=y, start={"w": w, "b": b}))
    assert isinstance(level, Softmax)
    return level


@settings(deadline=None)
@given(st.data(), st.integers(1, 4), st.integers(2, 4))
def test_softmax_gradient_is_autograd_s(data: st.DataObject, D_in: int, D_out: int) -> None:
    """The gradient by hand is torch's own through softmax and binary_cross_entropy, for any labels."""
    rows = st.lists(st.floats(-4, 4), min_size=D_out, max_size=D_out)
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


def test_softmax_by_hand_survives_extreme_outputs() -> None:
    """Where 1 - p underflows, the loss by hand is still exact, and its gradient finite."""
    level = softmax_at([[1000, 0, -1000]], [0, 0, 0], [0, 0, 0])
    loss = level.forward()
    level.backward(loss)
    assert loss == pytest.approx(1000 / 3)
    np.testing.assert_allclose(level.gradients["b"], [1 / 3, -1 / 3, 0], atol=1e-12)


def test_softmax_function_is_softmax() -> None:
    """The operation of one's own computes torch's softmax; verify checks its derivatives."""
    z = torch.randn(4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(SoftmaxFunction.apply(z), z.softmax(dim=0))  # type: ignore[no-untyped-call]


def test_a_result_is_the_outputs() -> None:
    """What softmax has learnt is told as its outputs, as long as they fit into a line."""

    def described(outputs: int) -> str | None:
        parameters = {"w": np.zeros((5, outputs)), "b": np.zeros(outputs)}
        return describe(config_of("softmax", "numpy", D_out=outputs), parameters)

    assert described(4) == "outputs = 0.25, 0.25, 0.25, 0.25"
    assert described(11) is None
