"""What is timed: blocks of steps of a level, or of a product, a copy or a loop that show the machine.

A block is the least disturbed of a few short stretches of steps, each shorter than the time for which a
system leaves a processor to a process that has slept. Before each come steps that are not timed, after which
caches hold what the level uses and not what ran before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from statistics import median
from time import perf_counter, perf_counter_ns
from typing import Any, Protocol

from autograd_cli.catalogue.cell import Cell
from autograd_cli.contract.config import RunConfig
from autograd_cli.training.clock import Clock, clock_of
from autograd_cli.training.device import use_device
from autograd_cli.training.loop import read_loss
from autograd_cli.training.threads import set_threads

VERBS = ("forward", "read", "backward", "update")
_BLOCK_S, _STRETCH_S, _STRETCHES = 0.012, 0.002, 4
_WARM_S = 0.0004
_WARM_DRAWN, _DRAWN = 2, 16  # steps of a block, of a level that draws which way each takes
_PRODUCT_SIDE = (
    768  # its three arrays are far larger than a core's own cache, as those of a large product are
)
_LARGE_BYTES = 64 * 2**20  # of a copy from memory: more than the caches of most machines hold


class Work(Protocol):
    """Something that a worker process makes, and times when it is its turn."""

    def make(self) -> "Timed":
        """Import what it needs, and stand at the start."""


class Timed(Protocol):
    """A work that stands ready."""

    first_s: float

    def block(self) -> float:
        """Seconds a step, in one block."""

    def verbs(self) -> Mapping[str, float]:
        """Seconds a verb, from as many steps of which each verb is timed; empty for what has none."""


@dataclass(frozen=True)
class LevelWork:
    """The training of a level.

    Attributes:
        cell: the level.
        config: its settings; after `config.steps` steps it starts anew, so that it stays in numbers that a
            training meets.

    """

    cell: Cell
    config: RunConfig

    def make(self) -> "TimedLevel":
        """The level at its start, after its first step."""
        set_threads(self.config.threads)
        use_device(self.config)
        return TimedLevel(self.cell, self.config, clock_of(self.config.device))


class TimedLevel:
    """A level that is timed.

    Attributes:
        first_s: seconds of the first step, in which frameworks choose kernels and compilers compile.

    """

    def __init__(self, cell: Cell, config: RunConfig, clock: Clock | None = None) -> None:
        self._cell, self._config, self._clock = cell, config, clock
        self._problem = cell.problems.make(config)
        self._life = max(config.steps, 2)
        # A level that draws its path takes the same one in each block, from the start on.
        self._draws = cell.problems.signature(cell.model, config).paths > 1
        self._start()
        self._clock_s = median(_clock_costs_s())
        self.first_s = self._run(1)
        self._step_s = self._run(3) / 3

    def block(self) -> float:
        """See Timed."""
        self._step_s = _least(self._prepared, self._run)
        return self._step_s

    def verbs(self) -> dict[str, float]:
        """See Timed. Reading the loss makes the host wait on a device, so there it is read once a block."""
        count = self._prepared()
        self._done += count
        spans = self._verbs_on_host(count) if self._clock is None else self._verbs_on_device(count)
        return {verb: max(median(each), 0.0) for verb, each in zip(VERBS, spans, strict=True) if each}

    def _start(self) -> None:
        import numpy as np  # after its number of threads has been set

        np.seterr(over="ignore", invalid="ignore")  # a training that diverges is timed as well
        self._level = self._cell.make(self._config, self._problem)
        self._done, self._last = 0, 0.0

    def _prepared(self) -> int:
        """How many steps to time next; those before them have been done."""
        if self._draws:
            self._start()
            self._run(_WARM_DRAWN)
            return _DRAWN
        count, warm = (max(round(span_s / self._step_s), 1) for span_s in (_STRETCH_S, _WARM_S))
        count = min(count, max(self._life - warm, 1))
        if not isfinite(self._last):
            self._life = max(self._done // 2, 2)
        if self._done + warm + count > self._life or not isfinite(self._last):
            self._start()
        self._run(warm)
        return count

    def _run(self, count: int) -> float:
        """Seconds of `count` steps; on a device, until it has done them."""
        level, clock = self._level, self._clock
        forward, backward, update = level.forward, level.backward, level.update
        self._done += count
        loss: Any = None
        if clock is not None:
            clock.start()
            for _ in range(count):
                loss = forward()
                backward(loss)
                update()
            spent_s = clock.read([clock.mark()])[-1]
            self._last = read_loss(level, loss)
            return spent_s
        last = 0.0
        start_s = perf_counter()
        for _ in range(count):
            loss = forward()
            last = loss.item()
            backward(loss)
            update()
        spent_s = perf_counter() - start_s
        self._last = float(last)
        return spent_s

    def _verbs_on_host(self, count: int) -> list[list[float]]:
        level, now = self._level, perf_counter_ns
        spans: list[list[float]] = [[], [], [], []]
        for _ in range(count):
            t0 = now()
            loss = level.forward()
            t1 = now()
            loss.item()
            t2 = now()
            level.backward(loss)
            t3 = now()
            level.update()
            t4 = now()
            for each, span_ns in zip(spans, (t1 - t0, t2 - t1, t3 - t2, t4 - t3), strict=True):
                each.append(span_ns / 1e9 - self._clock_s)
        return spans

    def _verbs_on_device(self, count: int) -> list[list[float]]:
        level, clock = self._level, self._clock
        assert clock is not None
        clock.start()
        marks = [clock.mark()]
        for _ in range(count):
            loss = level.forward()
            marks.append(clock.mark())
            level.backward(loss)
            marks.append(clock.mark())
            level.update()
            marks.append(clock.mark())
        times_s = clock.read(marks)
        spans = [after - before for before, after in pairwise(times_s)]
        return [spans[0::3], [], spans[1::3], spans[2::3]]


@dataclass(frozen=True)
class RateWork:
    """What the machine can: `product` (a step is a large one), `copy` (of `size` bytes), or `loop`.

    Attributes:
        kind: which of these.
        framework: `numpy` or `torch`; a loop is Python's own, with small arrays of NumPy.
        dtype: of the arrays.
        threads: of the framework.
        device: where the arrays live.
        size: bytes of the arrays of a copy together.

    """

    kind: str
    framework: str = "numpy"
    dtype: str = "float64"
    threads: int = 1
    device: str = "cpu"
    size: int = _LARGE_BYTES

    @property
    def amount(self) -> float:
        """What a step does: floating-point operations of a product, bytes read and written by a copy."""
        return 2.0 * _PRODUCT_SIDE**3 if self.kind == "product" else float(self._numbers * 2 * self._width)

    @property
    def _width(self) -> int:
        return 8 if self.dtype == "float64" else 4

    @property
    def _numbers(self) -> int:
        return max(self.size // (2 * self._width), 1)

    def make(self) -> "TimedCall":
        """The call, after its first time."""
        set_threads(self.threads)
        return TimedCall(self._call(), clock_of(self.device))

    def _call(self) -> Callable[[], object]:
        import numpy as np  # after its number of threads has been set

        shape = (_PRODUCT_SIDE, _PRODUCT_SIDE) if self.kind == "product" else (self._numbers,)
        a: Any = np.ones(shape, self.dtype)
        b: Any = np.ones(shape, self.dtype)
        if self.kind == "loop":
            return _loop
        if self.framework == "numpy":
            out = np.empty(shape, self.dtype)
            return (lambda: np.matmul(a, b, out=out)) if self.kind == "product" else lambda: np.copyto(a, b)
        import torch

        a, b = (torch.tensor(one, device=self.device) for one in (a, b))
        into = torch.empty_like(a)
        return (lambda: torch.mm(a, b, out=into)) if self.kind == "product" else lambda: a.copy_(b)


class TimedCall:
    """A call that is timed."""

    def __init__(self, call: Callable[[], object], clock: Clock | None) -> None:
        self._call, self._clock = call, clock
        self.first_s = self._run(1)
        self._step_s = self._run(1)

    def block(self) -> float:
        """See Timed."""
        long = self._step_s > _STRETCH_S  # then the caches are its own after the first microseconds
        self._step_s = self._run(1) if long else _least(self._prepared, self._run)
        return self._step_s

    def verbs(self) -> dict[str, float]:
        """None."""
        return {}

    def _prepared(self) -> int:
        self._run(1)
        return max(round(_STRETCH_S / self._step_s), 1)

    def _run(self, count: int) -> float:
        call = self._call
        if self._clock is not None:
            self._clock.start()
        start_s = perf_counter()
        for _ in range(count):
            call()
        return perf_counter() - start_s if self._clock is None else self._clock.read([self._clock.mark()])[-1]


def _least(prepare: Callable[[], int], run: Callable[[int], float]) -> float:
    """Seconds a step of the shortest of a few stretches."""
    found: list[float] = []
    until_s = perf_counter() + _BLOCK_S
    while not found or (len(found) < _STRETCHES and perf_counter() < until_s):
        count = prepare()
        found.append(run(count) / count)
    return min(found)


def _loop() -> int:
    """A millisecond of an interpreter's work, which no level changes."""
    found: dict[int, int] = {}
    for i in range(4000):
        found[i & 255] = found.get(i & 63, 0) + i
    return len(found)


def _clock_costs_s() -> list[float]:
    return [(perf_counter_ns() * -1 + perf_counter_ns()) / 1e9 for _ in range(1000)]
