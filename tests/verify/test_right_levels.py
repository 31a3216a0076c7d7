"""`evo verify` accepts what is right, however it is written."""

import importlib.util

import pytest

from autograd_cli.contract.level import LevelClass
from tests.verify.here import verify_here
from tests.verify.right import arrays, jax_arrays, tensors

SIZES = ("N=9", "D_in=7", "H=6", "D_out=3", "lr=1e-3")


@pytest.mark.parametrize(
    "level",
    [
        arrays.GramMatrix,
        arrays.Einsum,
        tensors.FunctionalGradient,
        tensors.PerExample,
        tensors.InPlaceReLU,
        tensors.Compiled,
        pytest.param(
            jax_arrays.Jax,
            marks=pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed"),
        ),
    ],
)
def test_right_level(level: LevelClass) -> None:
    """Another way to the same numbers passes in every case, and repeats itself."""
    (verdict,) = verify_here("mlp", [level], SIZES)
    assert not verdict.complaints
    assert verdict.passed


def test_plain_lists() -> None:
    """A level needs no library: its numbers are Python's, and its loss whatever can be read."""
    (verdict,) = verify_here("sin", [arrays.PlainLists], ("N=9", "lr=1e-3"))
    assert not verdict.complaints
