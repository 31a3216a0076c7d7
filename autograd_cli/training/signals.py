"""Ctrl-C and SIGTERM, taken between two steps, so that neither a line nor an update is ever cut in half."""

import signal
from types import FrameType


class Interruption:
    """While in force, the first signal is remembered, and a second one stops at once.

    Attributes:
        signal: the signal that came, if any.

    """

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._previous: dict[signal.Signals, object] = {}

    def __enter__(self) -> "Interruption":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._remember)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def stop(self) -> None:
        """Ask for an end, as SIGTERM does."""
        self.signal = signal.SIGTERM

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = signal.Signals(number)


class Terminated(BaseException):
    """SIGTERM, at a moment when nothing needs to be brought to an end first."""


def raise_terminated(_number: int, _frame: FrameType | None) -> None:
    """A handler of SIGTERM that lets the command line choose the exit code."""
    raise Terminated
