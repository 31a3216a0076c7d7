"""Whether the same configuration gives the same losses: again, elsewhere, and with more threads."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context

from autograd_cli.config import RunConfig
from autograd_cli.registry import find_implementation, find_task, load_level, load_problem
from autograd_cli.threads import set_threads
from autograd_cli.training import train


@dataclass(frozen=True)
class Determinism:
    """Comparisons of loss columns, bit for bit.

    Attributes:
        again: whether a second run in the same process gives the same losses.
        elsewhere: whether a run in another process does.
        two_threads: whether two threads give the losses of one; they need not, sums may be cut elsewhere.
        two_threads_difference: the largest relative difference of a loss between one thread and two.
    """

    again: bool
    elsewhere: bool
    two_threads: bool
    two_threads_difference: float


def losses_of(config: RunConfig) -> list[float]:
    """The losses of a run that is not recorded."""
    set_threads(config.threads)
    task = find_task(config.task, "task")
    level_class = load_level(task, find_implementation(task, config.impl, "impl"))
    level = level_class(load_problem(task).make(config), config)
    return [loss for batch in train(level, config.steps) for loss in batch.losses]


@contextmanager
def other_process() -> Iterator[ProcessPoolExecutor]:
    """One fresh process, which imports everything anew and keeps it for all that it is asked."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        yield pool


def check_determinism(config: RunConfig, elsewhere: ProcessPoolExecutor) -> Determinism:
    """Run `config` twice here, once in the other process, and with one and two threads."""
    one, two = replace(config, threads=1), replace(config, threads=2)
    pending = elsewhere.submit(losses_of, one)
    first, second, with_two = losses_of(one), losses_of(one), losses_of(two)
    set_threads(1)
    return Determinism(
        again=first == second,
        elsewhere=first == pending.result(),
        two_threads=first == with_two,
        two_threads_difference=_largest_difference(first, with_two),
    )


def _largest_difference(losses: Sequence[float], others: Sequence[float]) -> float:
    return max(
        (abs(a - b) / abs(a) if a else abs(b) for a, b in zip(losses, others, strict=True)), default=0.0
    )
