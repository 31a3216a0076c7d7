"""The loop: what it hands over, and when."""

from itertools import pairwise

import pytest

from autograd_cli.training import clock, loop
from tests.helpers import config_of, level_of


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
