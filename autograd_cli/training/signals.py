"""Ctrl-C and SIGTERM, taken between two steps, so that neither a line nor an update is ever cut in half."""

import signal
import threading
from types import FrameType


class Interruption:
    """While in force, the first signal is remembered, and a second one stops at once.

    Where it is not in force, or not in the main thread, no signal arrives, and only `stop` asks for an end.

    Attributes:
        signal: the signal that came, if any.

    """

    def __init__(self, signals: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM)) -> None:
        self.signal: signal.Signals | None = None
        self._signals = signals
        self._stopped = False
        self._previous: dict[signal.Signals, object] = {}

    @property
    def is_asked(self) -> bool:
        """Whether to come to an early end."""
        return self._stopped or self.signal is not None

    def stop(self) -> None:
        """Ask for an early end, without any signal."""
        self._stopped = True

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            for number in self._signals:
                self._previous[number] = signal.signal(number, self._remember)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is not None:
            raise KeyboardInterrupt
        self.signal = signal.Signals(number)


class Terminated(BaseException):
    """SIGTERM, at a moment when nothing needs to be brought to an end first."""


def raise_terminated(_number: int, _frame: FrameType | None) -> None:
    """A handler of SIGTERM that lets the command line choose the exit code."""
    raise Terminated
