"""`evo verify` names the mistake: what it says of levels that are wrong on purpose, and when nothing."""

import re
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import pytest

from autograd_cli.catalogue.cell import of_class
from autograd_cli.catalogue.registry import TASKS
from autograd_cli.config.resolve import gather, parse_assignment
from autograd_cli.verify import cells
from autograd_cli.verify.cells import Verdict, verify
from autograd_cli.verify.plan import Plan
from tests.verify.mistakes import (
    dynamic,
    linear_levels,
    mlp_gradients,
    mlp_losses,
    mlp_updates,
    sin_levels,
    softmax_levels,
)
from tests.verify.mistakes.planted import Planted

MODULES = (mlp_losses, mlp_gradients, mlp_updates, dynamic, sin_levels, linear_levels, softmax_levels)
SIZES = {"mlp": {"N": "9", "D_in": "7", "H": "6", "D_out": "3", "lr": "1e-3"}}
Settings = tuple[str, tuple[str, ...]]


def mistakes() -> list[type[Planted]]:
    """Every class that says what it must be called."""
    found = [cls for module in MODULES for cls in vars(module).values() if isinstance(cls, type)]
    planted = [cls for cls in dict.fromkeys(found) if issubclass(cls, Planted) and cls is not Planted]
    return [cls for cls in planted if "named" in vars(cls)]


def settings_of(mistake: type[Planted]) -> Settings:
    """The task, and the words that set small sizes and what the mistake needs."""
    own = dict(key.split("=") for key in mistake.keys)
    return mistake.task, tuple(f"{key}={value}" for key, value in (SIZES.get(mistake.task, {}) | own).items())


class _Here(Executor):
    """The other process is not what is tested here, and takes a second to start."""

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(function(*arguments, **named))
        return future


@contextmanager
def _here() -> Iterator[Executor]:
    yield _Here()


@pytest.fixture(scope="module")
def verdicts() -> dict[type[Planted], Verdict]:
    """The verdict on every mistake, those of the same settings together."""
    found: dict[type[Planted], Verdict] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "other_process", _here)
        for (task, words), group in groupby(sorted(mistakes(), key=settings_of), settings_of):
            plan = Plan(steps=6, quick=True, settings=gather(map(parse_assignment, words)))
            classes: list[Any] = list(group)
            found |= zip(classes, verify([of_class(TASKS[task], c) for c in classes], plan), strict=True)
    return found


@pytest.mark.parametrize("mistake", mistakes(), ids=lambda mistake: mistake.__name__)
def test_mistake(verdicts: dict[type[Planted], Verdict], mistake: type[Planted]) -> None:
    """Every planted mistake is rejected, and called what it is, or nothing at all."""
    verdict = verdicts[mistake]
    assert not verdict.passed
    complaint = verdict.complaints[0]
    if mistake.named is None:
        assert "?" not in complaint
    else:
        assert re.search(mistake.named, complaint), complaint
