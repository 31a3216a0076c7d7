"""Whether the same configuration gives the same losses: again, elsewhere, and with more threads."""

import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context

from autograd_cli.catalogue.cell import Cell
from autograd_cli.contract.config import RunConfig
from autograd_cli.training.device import use_device
from autograd_cli.training.loop import train
from autograd_cli.training.threads import set_threads

LossesByThreads = Future[tuple[list[float], list[float]]]


@dataclass(frozen=True)
class Determinism:
    """Comparisons of loss columns, bit for bit.

    Attributes:
        again: whether a second run in the same process gives the same losses.
        elsewhere: whether a run in another process does; None if the level cannot be told of to one.
        two_threads: whether two threads give the losses of one; they need not, sums may be cut elsewhere.
        two_threads_difference: the largest relative difference of a loss between one thread and two.
    """

    again: bool
    elsewhere: bool | None
    two_threads: bool
    two_threads_difference: float


def losses_of(cell: Cell, config: RunConfig) -> list[float]:
    """The losses of a run that is not recorded."""
    set_threads(config.threads)
    use_device(config)
    level = cell.make(config)
    import numpy as np  # only now, after its number of threads has been set

    with np.errstate(over="ignore", invalid="ignore"):  # a run that diverges can be repeated, too
        return [loss for batch in train(level, config.steps) for loss in batch.losses]


def losses_by_threads(cell: Cell, config: RunConfig) -> tuple[list[float], list[float]]:
    """The losses of `config` with one thread, and with two."""
    set_threads(1)
    from autograd_cli.verify.isolation import Isolation  # NumPy waits for its number of threads

    own = Isolation()
    own.load(cell)
    with own.of(cell):
        return losses_of(cell, replace(config, threads=1)), losses_of(cell, replace(config, threads=2))


@contextmanager
def fresh_processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that import everything anew and keep it for all that they are asked."""
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_wait_asleep)
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class Repetition:
    """A run made twice in one process: the losses of the first, and whether the second gave the same."""

    losses: Sequence[float]
    again: bool


def repeat(cell: Cell, config: RunConfig) -> Repetition:
    """Run `config` twice here."""
    one = replace(config, threads=1)
    first, second = losses_of(cell, one), losses_of(cell, one)
    return Repetition(first, _identical(first, second))


def compare_processes(
    repetition: Repetition, there: Sequence[float], with_two: Sequence[float], *, is_elsewhere: bool
) -> Determinism:
    """What `losses_by_threads` found, in another process or not, beside what was found here."""
    return Determinism(
        again=repetition.again,
        elsewhere=_identical(repetition.losses, there) if is_elsewhere else None,
        two_threads=_identical(there, with_two),
        two_threads_difference=_largest_difference(there, with_two),
    )


def _wait_asleep() -> None:
    """Let threads wait asleep: beside the first process two that spin would share one core for long.

    Ctrl-C reaches both processes, and the first one ends this one.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    os.environ["OPENBLAS_THREAD_TIMEOUT"] = "4"


def _identical(losses: Sequence[float], others: Sequence[float]) -> bool:
    """Bit for bit; the infinity or NaN in which a run ended is equal to itself."""
    same = (a == b or (a != a and b != b) for a, b in zip(losses, others, strict=False))  # noqa: PLR0124 - NaN
    return len(losses) == len(others) and all(same)


def _largest_difference(losses: Sequence[float], others: Sequence[float]) -> float:
    if len(losses) != len(others):
        return float("inf")  # only one of them diverged
    return max((abs(a - b) / (abs(a) or 1.0) for a, b in zip(losses, others, strict=True)), default=0.0)
