"""A terminal that remembers what stands on it: evo behind a pseudo-terminal, and an emulator before it."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.processes import PATIENCE_S, command, environment

WIDTHS = (50, 80, 120, 200)
every_width = pytest.mark.parametrize("columns", WIDTHS)
# Where a width takes seconds, the two between are left to `make slow`.
narrow_and_wide = pytest.mark.parametrize(
    "columns", [50, *(pytest.param(columns, marks=pytest.mark.slow) for columns in WIDTHS[1:3]), 200]
)


class Terminal:
    """A process on a terminal of `columns` by `lines`.

    Attributes:
        process: the process.
        moments: every state of the screen that lines stood on, in order, each once.

    """

    def __init__(self, words: list[str], cwd: Path, columns: int, lines: int, **extra: str) -> None:
        pyte = pytest.importorskip("pyte", reason="pyte, which emulates a terminal, is not installed")
        self._screen: Any = pyte.HistoryScreen(columns, lines, history=5000, ratio=1.0)
        self._stream: Any = pyte.ByteStream(self._screen)
        self._main, side = pty.openpty()
        self.moments: list[list[str]] = []
        self._set_size(side, columns, lines)
        self.process = subprocess.Popen(
            words,
            cwd=cwd,
            env=environment(TERM="xterm-256color", COLORTERM="truecolor") | extra,
            stdin=side,
            stdout=side,
            stderr=side,
            start_new_session=True,
        )
        os.close(side)

    @property
    def lines(self) -> list[str]:
        """What stands on the screen, without the blanks at the ends of lines."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def everything(self) -> list[str]:
        """The same, and what has gone off at the top before it."""
        columns = self._screen.columns
        above = [
            "".join(row[column].data for column in range(columns)).rstrip()
            for row in self._screen.history.top
        ]
        return [*above, *self.lines]

    def resize(self, columns: int, lines: int) -> None:
        """Make the terminal larger or smaller; it cuts what no longer fits, as pyte does."""
        self._screen.resize(lines, columns)
        self._set_size(self._main, columns, lines)

    def wait_for(self, is_there: Callable[[list[str]], bool]) -> list[str]:
        """The screen as soon as it is so."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            if is_there(self.lines):
                return self.lines
            if not self._read():
                break
        raise AssertionError("\n".join(self.everything))

    def to_end(self) -> int:
        """Read what comes until the process leaves; its exit code."""
        while self._read():
            pass
        return self.process.wait(timeout=PATIENCE_S)

    def interrupt(self) -> None:
        """Ctrl-C: the signal that the terminal sends to all in front."""
        os.killpg(self.process.pid, signal.SIGINT)

    def _read(self) -> bool:
        if not select.select([self._main], [], [], PATIENCE_S)[0]:
            return False
        try:
            piece = os.read(self._main, 65536)
        except OSError:  # how Linux says that the other side is closed
            return False
        self._stream.feed(piece)
        if not self.moments or self.moments[-1] != self.lines:
            self.moments.append(self.lines)
        return bool(piece)

    @staticmethod
    def _set_size(descriptor: int, columns: int, lines: int) -> None:
        fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def close(self) -> None:
        """End what is left of it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._main)


@contextmanager
def terminal(
    *arguments: object, cwd: Path, columns: int = 100, lines: int = 40, **extra: str
) -> Iterator[Terminal]:
    """`evo ARGUMENTS` on a terminal, of which nothing is left at the end."""
    opened = Terminal(command(*arguments), cwd, columns, lines, **extra)
    try:
        yield opened
    finally:
        opened.close()
