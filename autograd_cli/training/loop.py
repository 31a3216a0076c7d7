"""The loop: forward, record, backward, update. It opens no file and prints nothing."""

from collections.abc import Iterator
from math import isfinite
from time import perf_counter_ns
from typing import Any

from autograd_cli.catalogue.external import place_of
from autograd_cli.contract.batch import Batch
from autograd_cli.contract.level import Level
from autograd_cli.errors import EvoError

# Often enough for a screen, a file that is at most a second behind, and a quick answer to Ctrl-C.
BATCH_S = 0.2


def train(level: Level, steps: int, *, on_accelerator: bool = False) -> Iterator[Batch]:
    """Train `level` for `steps` steps, handing over what was recorded every `BATCH_S` seconds.

    The loop stands still while the receiver holds a batch, and ends early at a loss that is not finite.
    """
    loop = _accelerator_loop if on_accelerator else _host_loop
    return loop(level, steps)


def _host_loop(level: Level, steps: int) -> Iterator[Batch]:
    forward, backward, update = level.forward, level.backward, level.update
    losses: list[float] = []
    elapsed_s: list[float] = []
    start_ns = perf_counter_ns()
    due_s = BATCH_S
    first_step = 0
    for step in range(steps):
        loss = forward()
        try:
            value = loss.item()
            finite = isfinite(value)
        except (AttributeError, TypeError, ValueError, RuntimeError) as error:
            raise no_loss(level, loss) from error
        now_s = (perf_counter_ns() - start_ns) / 1e9
        losses.append(value)
        elapsed_s.append(now_s)
        if not finite:
            break
        backward(loss)
        update()
        if now_s >= due_s:
            yield Batch(first_step, losses, elapsed_s)
            losses, elapsed_s, first_step = [], [], step + 1
            due_s = (perf_counter_ns() - start_ns) / 1e9 + BATCH_S
    if losses:
        yield Batch(first_step, losses, elapsed_s)


def read_loss(level: Level, loss: Any) -> float:
    """The number that `level.forward()` returned as `loss`.

    Raises:
        EvoError: it is no loss: not an array, or of more than one number.

    """
    try:
        return float(loss.item())
    except (AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise no_loss(level, loss) from error


def no_loss(level: Level, loss: Any) -> EvoError:
    """The error for what `level.forward()` returned where a loss should be."""
    shape = getattr(loss, "shape", None)
    what = (
        f"{type(loss).__name__} of shape {tuple(shape)}" if shape else f"{type(loss).__name__} {loss!r:.40}"
    )
    return EvoError(
        f"{place_of(type(level).forward)}forward() returned {what}; "
        "a loss is one real number with .item(), such as numpy.float64(2.5) or a 0-d tensor"
    )


def _accelerator_loop(level: Level, steps: int) -> Iterator[Batch]:
    """The same, but the losses stay on the device and cross to the host once a batch.

    Reading each loss at once would make the host wait for the device at every step.
    """
    forward, backward, update = level.forward, level.backward, level.update
    pending: list[Any] = []
    elapsed_s: list[float] = []
    start_ns = perf_counter_ns()
    due_s = BATCH_S
    first_step = 0
    for step in range(steps):
        loss = forward()
        now_s = (perf_counter_ns() - start_ns) / 1e9
        pending.append(loss.detach())
        elapsed_s.append(now_s)
        backward(loss)
        update()
        if now_s >= due_s:
            batch = _collect(first_step, pending, elapsed_s)
            yield batch
            if batch.diverged:
                return
            pending, elapsed_s, first_step = [], [], step + 1
            due_s = (perf_counter_ns() - start_ns) / 1e9 + BATCH_S
    if pending:
        yield _collect(first_step, pending, elapsed_s)


def _collect(first_step: int, pending: list[Any], elapsed_s: list[float]) -> Batch:
    """Bring losses to the host in one transfer, and end at the first that is not finite."""
    import torch  # only torch levels run on an accelerator

    losses: list[float] = torch.stack(pending).tolist()
    end = next((i + 1 for i, loss in enumerate(losses) if not isfinite(loss)), len(losses))
    return Batch(first_step, losses[:end], elapsed_s[:end])
