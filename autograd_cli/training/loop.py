"""The loop: forward, record, backward, update. It opens no file and prints nothing."""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from math import isfinite
from time import perf_counter_ns
from typing import Any

from autograd_cli.catalogue.blame import place_of
from autograd_cli.contract.batch import Batch
from autograd_cli.contract.level import Array, Level
from autograd_cli.errors import EvoError
from autograd_cli.training.clock import Clock

# Often enough for a screen, a file that is at most a second behind, and a quick answer to Ctrl-C.
SLICE_S = 0.2
# The rows of many runs are formatted together, which is only worth it for many steps.
SLICE_OF_MANY_S = 0.5


def train(level: Level, steps: int, clock: Clock | None = None) -> Iterator[Batch]:
    """Train `level` for `steps` steps, handing over what was recorded every `SLICE_S` seconds.

    The loop stands still while the receiver holds a batch, and ends early at a loss that is not finite.
    On a device, whose clock it is then given, losses cross to the host once a batch: to read each at once
    would make the host wait at every step. The level has then trained on to the end of that batch.
    """
    if clock is None:
        for first_step, losses, elapsed_s in _slices(level, steps, SLICE_S, _reader(level), isfinite):
            yield Batch(first_step, losses, elapsed_s)
        return
    for first_step, pending, elapsed_s in _pending(level, steps, SLICE_S, clock):
        batch = Batch(first_step, pending.tolist(), elapsed_s).until_not_finite()
        yield batch
        if batch.diverged:
            return


def train_many(level: Level, steps: int, clock: Clock | None = None) -> Iterator[list[Batch]]:
    """Train R runs as one program, whose losses are (R,): a batch of each run at a time.

    A run whose loss is no longer finite computes on in vain: to leave it out would cost the others more. The
    seconds of a batch are the run's share, those since the start divided by R.
    """
    for first_step, pending, elapsed_s in _pending(level, steps, SLICE_OF_MANY_S, clock):
        columns = pending.T.tolist()
        share_s = [seconds / len(columns) for seconds in elapsed_s]
        yield [Batch(first_step, losses, share_s) for losses in columns]


def _pending(
    level: Level, steps: int, slice_s: float, clock: Clock | None
) -> Iterator[tuple[int, Array, list[float]]]:
    """The loop with losses that stay where they are: first step, losses and seconds of each slice."""
    if clock is None:
        for first_step, losses, elapsed_s in _slices(level, steps, slice_s, _keep, _never_ends):
            yield first_step, _stack(losses), elapsed_s
        return

    def mark_and_keep(loss: Array) -> tuple[Any, Array]:
        return clock.mark(), _keep(loss)

    clock.start()
    for first_step, taken, _ in _slices(level, steps, slice_s, mark_and_keep, _never_ends):
        marks, kept = zip(*taken, strict=True)
        yield first_step, _stack(kept), clock.read(marks)


def _slices(
    level: Level,
    steps: int,
    slice_s: float,
    take: Callable[[Array], Any],
    goes_on: Callable[[Any], bool],
) -> Iterator[tuple[int, list[Any], list[float]]]:
    """The one loop: first step, what `take` made of each loss, and the host's seconds since the start."""
    forward, backward, update = level.forward, level.backward, level.update
    losses: list[Any] = []
    elapsed_s: list[float] = []
    start_ns = perf_counter_ns()
    due_s = slice_s
    first_step = 0
    last_s = 0.0
    for step in range(steps):
        loss = forward()
        taken = take(loss)
        now_s = (perf_counter_ns() - start_ns) / 1e9
        losses.append(taken)
        elapsed_s.append(now_s)
        if not goes_on(taken):
            break
        backward(loss)
        update()
        if now_s >= due_s:
            elapsed_s = _never_falling(elapsed_s, last_s)
            last_s = elapsed_s[-1]
            yield first_step, losses, elapsed_s
            losses, elapsed_s, first_step = [], [], step + 1
            due_s = (perf_counter_ns() - start_ns) / 1e9 + slice_s
    if losses:
        yield first_step, losses, _never_falling(elapsed_s, last_s)


def _never_falling(seconds: list[float], least: float) -> list[float]:
    """The times as they are or, where the clock has stepped back, none smaller than one before it."""
    if seconds[0] >= least and seconds == sorted(seconds):
        return seconds
    return list(accumulate(seconds, max, initial=least))[1:]


def read_loss(level: Level, loss: Array) -> float:
    """The number that `level.forward()` returned as `loss`.

    Raises:
        EvoError: it is no loss: not an array, or of more than one number.

    """
    return _reader(level)(loss)


def _reader(level: Level) -> Callable[[Array], float]:
    def read(loss: Array) -> float:
        try:
            return float(loss.item())
        except (AttributeError, TypeError, ValueError, RuntimeError) as error:
            shape = getattr(loss, "shape", None)
            kind = type(loss).__name__
            what = f"{kind} of shape {tuple(shape)}" if shape else f"{kind} {loss!r:.40}"
            raise EvoError(
                f"{place_of(type(level).forward)}forward() returned {what}; "
                "a loss is one real number with .item(), such as numpy.float64(2.5) or a 0-d tensor"
            ) from error

    return read


def _keep(loss: Array) -> Array:
    """A copy on its device: a level may use the memory of its loss again."""
    return loss.detach().clone() if hasattr(loss, "detach") else loss.copy()


def _stack(losses: Sequence[Array]) -> Array:
    """Losses that were kept as one array, of the framework that they are of."""
    if hasattr(losses[0], "detach"):
        import torch  # the level has imported it

        return torch.stack(list(losses))
    import numpy as np  # and here NumPy

    return np.stack(losses)


def _never_ends(_loss: Array) -> bool:
    return True
