"""Verifying without another process, which takes seconds to start, where that is not what is tested."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

import pytest

from autograd_cli.catalogue.cell import of_class
from autograd_cli.catalogue.registry import TASKS
from autograd_cli.config.resolve import gather, parse_assignment
from autograd_cli.contract.level import LevelClass
from autograd_cli.verify import cells
from autograd_cli.verify.cells import Verdict, verify
from autograd_cli.verify.plan import Plan


class _Here(Executor):
    """What is submitted is done at once."""

    def submit(self, function: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments, **named))
        except Exception as error:
            future.set_exception(error)
        return future


@contextmanager
def here(count: int) -> Iterator[Executor]:  # noqa: ARG001 - the signature of what it stands for
    """No processes, but this one."""
    yield _Here()


def verify_here(task: str, classes: Sequence[LevelClass], words: Sequence[str]) -> list[Verdict]:
    """The verdicts on some classes at the settings `words`, over six steps."""
    plan = Plan(steps=6, quick=True, settings=gather(map(parse_assignment, words)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "fresh_processes", here)
        return list(verify([of_class(TASKS[task], one) for one in classes], plan))
