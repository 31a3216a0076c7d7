"""The loop: what it hands over, and when."""

from itertools import chain, count, pairwise
from typing import Any

import numpy as np
import pytest
import torch

from autograd_cli.errors import EvoError
from autograd_cli.training import clock, loop
from tests.helpers import config_of, level_of, losses_of


@pytest.mark.parametrize("impl", ["numpy", "autograd"])
def test_losses_are_handed_over_every_second(monkeypatch: pytest.MonkeyPatch, impl: str) -> None:
    """No batch spans more than a second of the loop's own clock, and none leaves a step out."""
    seconds = iter(range(10**6))  # 30 ms from one look at the clock to the next
    monkeypatch.setattr(loop, "perf_counter_ns", lambda: next(seconds) * 30_000_000)
    monkeypatch.setattr(clock, "perf_counter", lambda: next(seconds) * 0.03)
    batches = list(loop.train(level_of(config_of("sin", impl)), 200))
    steps = [b.first_step + i for b in batches for i in range(len(b.losses))]
    ends = [0.0] + [batch.elapsed_s[-1] for batch in batches]
    assert steps == list(range(200))
    assert max(b - a for a, b in pairwise(ends)) <= 1.0
    assert len(batches) > 5


def looks(monkeypatch: pytest.MonkeyPatch, *tenths: float) -> None:
    """Let the loop's clock show so many tenths of a second at each look at it, then one more each."""
    shown = chain(tenths, count(int(tenths[-1]) + 1))
    monkeypatch.setattr(loop, "perf_counter_ns", lambda: 10**15 + round(next(shown) * 10**8))


def handed_over(steps: int) -> list[tuple[int, list[float]]]:
    """First step and seconds of each batch."""
    batches = list(loop.train(level_of(config_of("sin", "numpy")), steps))
    return [(batch.first_step, [round(s, 9) for s in batch.elapsed_s]) for batch in batches]


def test_a_batch_ends_when_its_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """At a fifth of a second since the last was taken away, in seconds since the start."""
    looks(monkeypatch, 0, 1, 2, 3)
    assert handed_over(5) == [(0, [0.1, 0.2]), (2, [0.4, 0.5]), (4, [0.7])]
    looks(monkeypatch, 0, 1, 2, 9, 10, 11)
    assert handed_over(4) == [(0, [0.1, 0.2]), (2, [1.0, 1.1])]
    assert handed_over(0) == []


def test_no_time_falls_though_the_clock_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a batch and from one to the next; times that do not fall stay as they are."""
    looks(monkeypatch, 0, 0.2, 0.1, 0.3, 2.5, 1, 2.4, 2.6, 2.3, 9)
    assert handed_over(7) == [(0, [0.02, 0.02, 0.03, 0.25]), (4, [0.25, 0.26, 0.26])]
    looks(monkeypatch, 0, 0.2, 2.5, 1, 2.4, 2.5, 2.5, 9)
    assert handed_over(5) == [(0, [0.02, 0.25]), (2, [0.25, 0.25, 0.25])]


def test_a_loss_that_is_not_finite_is_the_last() -> None:
    """The steps left are not taken."""
    with np.errstate(all="ignore"):
        losses = losses_of(level_of(config_of("sin", "numpy", lr=1.0)), 1000)
    assert np.isfinite(losses).tolist() == [True] * (len(losses) - 1) + [False]


@pytest.mark.parametrize("array", [torch.tensor, np.array])
def test_many_runs_are_handed_over_every_half_second(monkeypatch: pytest.MonkeyPatch, array: Any) -> None:
    """Each run with its share of the time, whatever framework the losses are of."""

    class Two:
        parameters = gradients = property(lambda _: {})

        def forward(self) -> Any:
            """Two losses."""
            return array([1.0, 2.0])

        def backward(self, loss: Any) -> None:
            """Nothing."""

        def update(self) -> None:
            """Nothing."""

    looks(monkeypatch, 0, 1, 2, 3)
    first, second = loop.train_many(Two(), 6)
    assert [round(s, 9) for s in first[1].elapsed_s] == [0.05, 0.1, 0.15, 0.2, 0.25]
    assert [(batch.first_step, batch.losses) for batch in second] == [(5, [1.0]), (5, [2.0])]


@pytest.mark.parametrize(
    ("loss", "shown"),
    [
        (np.zeros(3), "ndarray of shape (3,); a loss is one real number"),
        (2.5, "float 2.5; a loss is one real number"),
        (None, "NoneType None; a loss"),
        (np.complex128(1j), "complex128 1j"),
    ],
)
def test_what_is_no_loss(loss: object, shown: str) -> None:
    """Its kind, and its shape if it has one."""
    level = level_of(config_of("sin", "numpy"))
    if shown.startswith("complex"):
        shown = "complex128"
    with pytest.raises(EvoError) as error:
        loop.read_loss(level, loss)
    assert f"forward() returned {shown}" in str(error.value)
    assert loop.read_loss(level, np.float64(2.5)) == 2.5
