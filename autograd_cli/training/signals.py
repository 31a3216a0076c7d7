"""Ctrl-C and SIGTERM, taken between two steps, so that neither a line nor an update is ever cut in half."""

import signal
import threading
from time import monotonic
from types import FrameType


class Interruption:
    """While in force, the first signal is remembered, and a second one stops at once.

    Where it is not in force, or not in the main thread, no signal arrives, and only `stop` asks for an end.

    Attributes:
        signal: the signal that came, if any.

    """

    def __init__(
        self,
        signals: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM),
        *,
        second_stops: bool = True,
    ) -> None:
        self.signal: signal.Signals | None = None
        self._signals = signals
        self._second_stops = second_stops
        self._stopped = False
        self._until_s: float | None = None
        self._previous: dict[signal.Signals, object] = {}

    @property
    def is_asked(self) -> bool:
        """Whether to come to an early end."""
        return self._stopped or self.signal is not None or self.is_late

    @property
    def is_late(self) -> bool:
        """Whether the time that `stop_after` gave is over."""
        return self._until_s is not None and monotonic() >= self._until_s

    def stop(self) -> None:
        """Ask for an early end, without any signal."""
        self._stopped = True

    def stop_after(self, budget_s: float) -> None:
        """Ask for an early end `budget_s` seconds from now."""
        self._until_s = monotonic() + budget_s

    def explains(self, error: BaseException) -> bool:
        """Whether somebody outside wants the end that `error` brings; a level may raise the same error.

        Where this is in force only a second signal raises it, and only the main thread gets signals.
        """
        if not isinstance(error, KeyboardInterrupt):
            return False
        is_main = threading.current_thread() is threading.main_thread()
        return is_main and (self.signal is not None or not self._previous)

    def __enter__(self) -> "Interruption":
        if threading.current_thread() is threading.main_thread():
            for number in self._signals:
                self._previous[number] = signal.signal(number, self._remember)
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        if self.signal is not None and self._second_stops:
            raise KeyboardInterrupt
        self.signal = signal.Signals(number)


class Terminated(BaseException):
    """SIGTERM, at a moment when nothing needs to be brought to an end first."""


def raise_terminated(_number: int, _frame: FrameType | None) -> None:
    """A handler of SIGTERM that lets the command line choose the exit code."""
    raise Terminated
