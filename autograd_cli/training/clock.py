"""When each loss was there, on a device that computes behind the host's back.

Such a device is handed its work and goes on alone; the host that reads its own clock after forward() has
timed the handing over. To wait for the device at every step would make both slow, so the losses of a slice
are waited for together.
"""

from collections.abc import Sequence
from time import perf_counter
from typing import Any, Literal, Protocol

# What run.json says of a device's times, where it says "host" of the host's: that events on the device gave
# them, or that a slice was timed as a whole.
Timing = Literal["events", "slice"]


class Clock(Protocol):
    """Tells when a device had its losses.

    Attributes:
        timing: what it goes by.

    """

    timing: Timing

    def start(self) -> None:
        """Begin to count; nothing of what was asked of the device before counts."""

    def mark(self) -> Any:
        """Something to know this moment by; called when forward() has returned, and waits for nothing."""

    def read(self, marks: Sequence[Any]) -> list[float]:
        """Seconds from the start to each mark of a slice, never falling; waits for the device."""


class EventClock:
    """For a device that notes in passing when it gets to an event between two pieces of its work.

    An event knows the time to another one as a float32 of milliseconds, so a slice is timed from the last
    event of the slice before: from the start, an hour into a run, steps of 30 µs would look alike.
    """

    timing: Timing = "events"

    def __init__(self, device: Any) -> None:
        """Take `torch.cuda`, or a module that has its `Event` and `synchronize`."""
        self._device = device

    def start(self) -> None:
        """See Clock."""
        self._device.synchronize()
        self._last, self._last_s = self.mark(), 0.0

    def mark(self) -> Any:
        """See Clock."""
        event = self._device.Event(enable_timing=True)
        event.record()
        return event

    def read(self, marks: Sequence[Any]) -> list[float]:
        """See Clock."""
        marks[-1].synchronize()
        elapsed_s = [self._last_s + self._last.elapsed_time(mark) / 1e3 for mark in marks]
        self._last, self._last_s = marks[-1], elapsed_s[-1]
        return elapsed_s


class SliceClock:
    """For a device without such events: a slice is timed as a whole, and its steps pass for equally long."""

    timing: Timing = "slice"

    def __init__(self, device: Any) -> None:
        """Take a module of torch that has `synchronize`, such as `torch.mps`."""
        self._device = device

    def start(self) -> None:
        """See Clock."""
        self._device.synchronize()
        self._start_s, self._last_s = perf_counter(), 0.0

    def mark(self) -> None:
        """See Clock."""

    def read(self, marks: Sequence[None]) -> list[float]:
        """See Clock."""
        self._device.synchronize()
        first_s, self._last_s = self._last_s, perf_counter() - self._start_s
        step_s = (self._last_s - first_s) / len(marks)
        return [first_s + step_s * (i + 1) for i in range(len(marks) - 1)] + [self._last_s]


def clock_of(device: str) -> Clock | None:
    """The clock for runs on `device`, a value of the key of that name; None on the host, which needs none."""
    if device == "cpu":
        return None
    import torch  # a level that runs on a device has imported it already

    module = getattr(torch, device)
    return EventClock(module) if hasattr(module, "Event") else SliceClock(module)
