"""The loop: what it hands over, and when."""

from itertools import pairwise
from math import isfinite

import pytest

from autograd_cli.training import loop
from tests.helpers import config_of, level_of, trained_losses


@pytest.mark.parametrize(("impl", "on_accelerator"), [("numpy", False), ("autograd", True)])
def test_losses_are_handed_over_every_second(
    monkeypatch: pytest.MonkeyPatch, impl: str, on_accelerator: bool
) -> None:
    """No batch spans more than a second of the loop's own clock, and none leaves a step out."""
    clock = iter(range(0, 10**12, 30_000_000))  # 30 ms from one look at the clock to the next
    monkeypatch.setattr(loop, "perf_counter_ns", lambda: next(clock))
    batches = list(loop.train(level_of(config_of("sin", impl)), 200, on_accelerator=on_accelerator))
    steps = [b.first_step + i for b in batches for i in range(len(b.losses))]
    ends = [0.0] + [batch.elapsed_s[-1] for batch in batches]
    assert steps == list(range(200))
    assert max(b - a for a, b in pairwise(ends)) <= 1.0
    assert len(batches) > 5


def test_losses_that_cross_in_batches_are_the_same() -> None:
    """The loop for accelerators, which fetches losses a batch at a time, records what the other one does."""
    config = config_of("sin", "autograd", steps=200)
    assert trained_losses(config, on_accelerator=True) == trained_losses(config)


def test_losses_that_cross_in_batches_end_at_divergence() -> None:
    """Fetched in batches, too, a run that diverges ends with its first loss that is not finite."""
    config = config_of("sin", "autograd", steps=200, lr=1.0)
    at_once, in_batches = trained_losses(config), trained_losses(config, on_accelerator=True)
    assert len(in_batches) == len(at_once) < config.steps
    assert not isfinite(in_batches[-1])
    assert in_batches[:-1] == at_once[:-1]
