"""Generations of worker processes that take turns, so that a machine that drifts hurts all alike.

A fresh process imports the frameworks, computes nothing, and forks a worker for each work. Only one worker is
awake at a time: in rounds, in random order, each times one block. The next generation of workers has its
arrays, and that of the next process its code as well, elsewhere in memory, so that no accident of these
passes for speed.
"""

import multiprocessing
import os
import random
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any

from autograd_cli.bench.work import LevelWork, RateWork, Work
from autograd_cli.errors import EvoError
from autograd_cli.training.threads import set_threads

_LEAST_ROUNDS, _MOST_ROUNDS = 3, 60
_FULL_EVERY = 3
# Generations that come out of one process: to import costs more than to fork.
FORKS = 2


@dataclass
class Blocks:
    """What a generation has timed of one work.

    Attributes:
        step_s: seconds a step, a block each, in the order of the rounds.
        verbs_s: seconds a verb, a block each.
        first_s: seconds of the first step.
        failure: why there is nothing, where the work broke.

    """

    step_s: list[float] = field(default_factory=list)
    verbs_s: list[dict[str, float]] = field(default_factory=list)
    first_s: float = 0.0
    failure: str | None = None


@dataclass
class Generation:
    """What a generation has found.

    Attributes:
        blocks: of each work, in their order.
        others: processors' worth of time that other processes took meanwhile; None where nobody tells.
        stolen: of the machine's time the share that its host gave to others.
        span_s: seconds that the rounds took.

    """

    blocks: list[Blocks]
    span_s: float
    others: float | None = None
    stolen: float | None = None


def run_generations(works: Sequence[Work], span_s: float, seed: int) -> list[Generation]:
    """Time the works for `span_s` seconds of rounds, at least a few rounds; for a process of its own.

    Two generations of workers come out of it, one after the other.
    """
    # A pool of threads spins through a step's pauses, but not into the next worker's turn.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "18")
    set_threads(1)
    blocks = [Blocks() for _ in works]
    for i, work in enumerate(works):
        if isinstance(work, LevelWork):
            try:
                _ = work.cell.level_class, work.cell.problems
                _ = work.cell.spec.batch_target and work.cell.batch_class
            except EvoError as error:
                blocks[i].failure = str(error)
    if "torch" in sys.modules and len(works) > 1:
        import torch  # a level has imported it already

        # The first optimiser makes torch import its compiler, for a second that no worker then pays.
        torch.optim.SGD([torch.zeros(1)], lr=0.0)
    method = "fork" if sys.platform == "linux" and not _on_gpu(works) else "spawn"
    context: Any = multiprocessing.get_context(method)
    dice = random.Random(seed)
    return [
        _run_generation(works, context, [b.failure for b in blocks], span_s / FORKS, dice)
        for _ in range(FORKS)
    ]


def _run_generation(
    works: Sequence[Work], context: Any, failures: Sequence[str | None], span_s: float, dice: random.Random
) -> Generation:
    blocks = [Blocks(failure=failure) for failure in failures]
    before = _processor_times()
    begun_s = monotonic()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of frameworks, about forks and about what they cannot find
        workers: dict[int, _Worker] = {}
        for i, work in enumerate(works):
            if not blocks[i].failure:
                workers[i] = _Worker(context, work, list(workers.values()))
        is_rate = [isinstance(work, RateWork) and work.kind != "loop" for work in works]
        _go_round(workers, blocks, is_rate, span_s, dice)
        ended_s = monotonic()
        for worker in workers.values():
            worker.end()
    return Generation(blocks, ended_s - begun_s, *_shares(before, _processor_times()))


def _go_round(
    workers: dict[int, "_Worker"],
    blocks: list[Blocks],
    is_rate: Sequence[bool],
    span_s: float,
    dice: random.Random,
) -> None:
    for i, worker in list(workers.items()):
        blocks[i].first_s = _asked(worker, "make", blocks[i], workers, i) or 0.0
    due_s = monotonic() + span_s
    for count in range(_MOST_ROUNDS):
        if count >= _LEAST_ROUNDS and monotonic() > due_s:
            return
        # Verbs, and what the machine can, need fewer blocks: their differences are told in no verdict.
        is_full = count % _FULL_EVERY == 0
        order = [i for i in workers if is_full or not is_rate[i]]
        dice.shuffle(order)
        for i in order:
            step_s = _asked(workers[i], "block", blocks[i], workers, i)
            if step_s is not None:
                blocks[i].step_s.append(step_s)
            if step_s is not None and is_full:
                blocks[i].verbs_s.append(_asked(workers[i], "verbs", blocks[i], workers, i) or {})


def _asked(worker: "_Worker", what: str, own: Blocks, workers: dict[int, "_Worker"], i: int) -> Any:
    """A worker's answer; one that broke is asked no more."""
    answer, failure = worker.ask(what)
    if failure is not None:
        own.failure = failure
        workers.pop(i).end()
    return answer


class _Worker:
    """A process that sleeps until it is asked."""

    def __init__(self, context: Any, work: Work, before: Sequence["_Worker"]) -> None:
        self.pipe, theirs = context.Pipe()
        held = (
            [self.pipe, *(worker.pipe for worker in before)] if context.get_start_method() == "fork" else []
        )
        self._process = context.Process(target=_serve, args=(theirs, work, held), daemon=True)
        self._process.start()
        theirs.close()

    def ask(self, what: str) -> tuple[Any, str | None]:
        """The answer, and why there is none."""
        try:
            self.pipe.send(what)
            answer: tuple[Any, str | None] = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join(1)
            return None, f"its process ended with exit code {self._process.exitcode}"
        return answer

    def end(self) -> None:
        """See it off."""
        self.pipe.close()
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(pipe: Any, work: Work, held: Sequence[Any]) -> None:
    """A worker's life: it makes its work and times it when it is asked, until nobody is there to ask.

    The ends of pipes that it has from its parent are closed: nobody else must seem to hold them.
    """
    for one in held:
        one.close()
    timed: Any = None
    while True:
        try:
            what = pipe.recv()
        except EOFError:
            return
        try:
            if what == "make":
                timed = work.make()
            answer = timed.first_s if what == "make" else getattr(timed, what)()
            if getattr(work, "threads", 1) > 1 or getattr(getattr(work, "config", None), "threads", 1) > 1:
                sleep(0.002)  # until its other threads sleep, too
            pipe.send((answer, None))
        except EvoError as error:
            pipe.send((None, str(error)))
        except Exception as error:  # a level of the user's own may do anything
            blame = work.cell.blame(error) if isinstance(work, LevelWork) else repr(error)
            pipe.send((None, blame))


def _on_gpu(works: Sequence[Work]) -> bool:
    return any(isinstance(work, LevelWork) and work.config.device != "cpu" for work in works)


def _processor_times() -> tuple[float, float, float, float] | None:
    """Seconds: the busy, stolen and whole time of all processors, and what this process and its own used."""
    try:
        with open("/proc/stat", encoding="ascii") as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
    except (OSError, ValueError):
        return None
    user, nice, system, idle, waiting, irq, soft, stolen = (tick / os.sysconf("SC_CLK_TCK") for tick in ticks)
    own = sum(os.times()[:4])
    busy = user + nice + system + irq + soft
    return busy, stolen, busy + idle + waiting + stolen, own


def _shares(before: Any, after: Any) -> tuple[float | None, float | None]:
    if before is None or after is None:
        return None, None
    busy, stolen, total, own = (late - early for early, late in zip(before, after, strict=True))
    wall = max(total / (os.cpu_count() or 1), 1e-9)
    return max((busy - own) / wall, 0.0), stolen / max(total, 1e-9)
