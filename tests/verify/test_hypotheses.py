"""What a hypothesis takes for an explanation, and that numbers without one get none."""

from typing import Any

import numpy as np
import pytest
import torch

from autograd_cli.catalogue.registry import TASKS
from autograd_cli.verify.evidence import What
from autograd_cli.verify.hypotheses import explain
from autograd_cli.verify.hypotheses.factors import name_of_factor
from autograd_cli.verify.hypotheses.fit import is_round
from autograd_cli.verify.hypotheses.precision import to_bfloat16
from tests.verify.evidence import KINDS, evidence_of, parted


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("what", KINDS)
@pytest.mark.parametrize("step", [0, 1])
def test_chance_has_no_name(task: str, what: What, step: int) -> None:
    """Numbers that are off at random, a little or by much, are no mistake that anybody could name."""
    if what == "start" and step:
        pytest.skip("a start is before the first step")
    evidence = evidence_of(task, what, step)
    generator = np.random.default_rng(0)
    for size in (1e-7, 1e-3, 1.0):
        for _ in range(2):

            def add_noise(a: Any, size: float = size) -> Any:
                return a + size * generator.standard_normal(np.shape(a))

            assert explain(parted(evidence, add_noise)) is None


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("what", KINDS)
def test_arrays_of_any_kind(task: str, what: What) -> None:
    """NaN, infinities, other shapes and arrays without entries have no name, and break nothing."""
    evidence = evidence_of(task, what)
    changes: list[Any] = [lambda a: a * np.nan, lambda a: a * np.inf]
    if what != "loss":
        changes += [lambda a: np.zeros((2, 3, 4)) + np.size(a), lambda a: np.ravel(a)[:0]]
    for change in changes:
        assert explain(parted(evidence, change)) is None


def test_factor_in_sizes() -> None:
    """A factor is told as a product of sizes, with all that it may be where sizes are equal."""
    evidence = evidence_of("mlp", "gradient", N=8, D_in=5, H=6, D_out=3)
    assert name_of_factor(evidence, 1 / 24) == ("1/24 = 1/(N D_out)", "a mean where a sum belongs")
    assert name_of_factor(evidence, 40) == ("40 = N D_in", "a sum where a mean belongs")
    assert name_of_factor(evidence, -0.5)[0] == "-1/2"
    assert name_of_factor(evidence, 0.3712) == ("0.3712", None)
    assert name_of_factor(evidence, 8 * 5 * 6) == ("240 = N D_in H", "a sum where a mean belongs")
    assert name_of_factor(evidence, 8 * 5 * 6 * 3) == ("720", None)
    alike = evidence_of("mlp", "gradient", N=7, D_in=6, H=6, D_out=6)
    assert name_of_factor(alike, 1 / 6)[0] == "1/6 = 1/D_in or 1/H"
    small = evidence_of("mlp", "gradient", N=7, D_in=5, H=3, D_out=2)
    assert name_of_factor(small, 1 / 14) == ("1/14 = 1/(N D_out)", "a mean where a sum belongs")
    scalars = evidence_of("sin", "gradient", a=3.0, b=3.0, c=3.0)
    guess = "the factor a too many, or the factor b too many"
    assert name_of_factor(scalars, 3.0) == ("3 = a or b", guess)


def test_round_numbers() -> None:
    """A number that a person would have written has at most three digits."""
    assert all(map(is_round, (0.9, 1e-8, 0.999, 125.0, -0.05, 3e10)))
    assert not any(map(is_round, (0.0, 1 / 3, np.pi, 0.1234, 5678.0, 0.12345, np.nan, np.inf)))


def test_bfloat16() -> None:
    """Rounding to bfloat16 is torch's, with ties to even, subnormal numbers and what is too large."""
    generator = np.random.default_rng(0)
    numbers = generator.standard_normal(2000) * 10.0 ** generator.integers(-42, 39, 2000)
    ties = (np.arange(-400, 400) + 0.5) / 256
    for array in (numbers, ties, np.array([0.0, -0.0, 1.0, 3.39e38])):
        expected = torch.tensor(array).float().bfloat16().double().numpy()
        np.testing.assert_array_equal(to_bfloat16(array), expected)
