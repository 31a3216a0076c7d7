"""`evo verify` names the mistake: what it says of levels that are wrong on purpose, and when nothing."""

import re
from typing import Any

import pytest

from autograd_cli.verify import hypotheses
from autograd_cli.verify.cells import Verdict
from autograd_cli.verify.evidence import Evidence, What
from autograd_cli.verify.hypotheses import HYPOTHESES, Hypothesis
from tests.verify.here import verify_here
from tests.verify.mistakes import (
    dynamic,
    held_out,
    linear_levels,
    mlp_gradients,
    mlp_losses,
    mlp_updates,
    sin_levels,
    softmax_levels,
)
from tests.verify.mistakes.planted import Planted

MODULES = (
    mlp_losses,
    mlp_gradients,
    mlp_updates,
    dynamic,
    sin_levels,
    linear_levels,
    softmax_levels,
    held_out,
)
SIZES = {"mlp": {"N": "9", "D_in": "7", "H": "6", "D_out": "3", "lr": "1e-3"}}
Settings = tuple[str, tuple[str, ...]]


def mistakes() -> list[type[Planted]]:
    """Every class that says what it must be called."""
    found = [cls for module in MODULES for cls in vars(module).values() if isinstance(cls, type)]
    planted = [cls for cls in dict.fromkeys(found) if issubclass(cls, Planted) and cls is not Planted]
    return [cls for cls in planted if "called" in vars(cls)]


def settings_of(mistake: type[Planted]) -> Settings:
    """The task, and the words that set small sizes and what the mistake needs."""
    own = dict(key.split("=") for key in mistake.keys)
    return mistake.task, tuple(f"{key}={value}" for key, value in (SIZES.get(mistake.task, {}) | own).items())


class Found:
    """The verdict on each mistake once it is asked for, and which hypotheses were the first that fitted."""

    def __init__(self) -> None:
        self.said: set[tuple[str, Hypothesis]] = set()
        self._verdicts: dict[type[Planted], Verdict] = {}

    def verdict(self, mistake: type[Planted]) -> Verdict:
        """What `evo verify` finds of it."""
        if mistake not in self._verdicts:
            task, words = settings_of(mistake)
            level_class: Any = mistake
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(hypotheses, "HYPOTHESES", _watched(self.said))
                (self._verdicts[mistake],) = verify_here(task, [level_class], words)
        return self._verdicts[mistake]


@pytest.fixture(scope="module")
def found() -> Found:
    """Verdicts that the tests of this file share."""
    return Found()


def _watched(said: set[tuple[str, Hypothesis]]) -> dict[What, tuple[Hypothesis, ...]]:
    """The table of hypotheses, whose answers leave their names in `said`."""

    def watch(what: What, hypothesis: Hypothesis) -> Hypothesis:
        def ask(evidence: Evidence) -> str | None:
            answer = hypothesis(evidence)
            if answer:
                said.add((what, hypothesis))
            return answer

        return ask

    return {what: tuple(watch(what, one) for one in row) for what, row in HYPOTHESES.items()}


@pytest.mark.parametrize("mistake", mistakes(), ids=lambda mistake: mistake.__name__)
def test_mistake(found: Found, mistake: type[Planted]) -> None:
    """Every planted mistake is rejected, and called what it is, or nothing at all."""
    verdict = found.verdict(mistake)
    assert not verdict.passed
    complaint = verdict.complaints[0]
    if mistake.called is None:
        assert "?" not in complaint
    else:
        assert re.search(mistake.called, complaint), complaint


def test_every_hypothesis_has_its_mistake(found: Found) -> None:
    """Each entry of the table is the first that fits some planted mistake: none stands there in vain."""
    for mistake in mistakes():
        found.verdict(mistake)
    every = {(what, one) for what, row in HYPOTHESES.items() for one in row}
    assert not {(what, one.__name__) for what, one in every - found.said}


def test_enough_is_named() -> None:
    """The table of mistakes is as large as was promised, and holds some that nothing is true of."""
    named = [mistake for mistake in mistakes() if mistake.called]
    assert len(named) >= 45
    assert len(mistakes()) - len(named) >= 10
