"""Lines of coloured text: on a pipe, on a terminal, and drawn anew in the same place."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from time import perf_counter
from typing import TYPE_CHECKING

from autograd_cli.display.streams import unheard
from autograd_cli.display.text import cells
from autograd_cli.display.theme import LIGHT, colour_of

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

# Of the time that goes by, a screen takes no more than this for itself: the loop waits while it is drawn.
SHARE = 0.006
_REFRESH_S = 0.15
# But it never stands still for longer, however busy the machine.
LONGEST_S = 1.0


@dataclass(frozen=True)
class Span:
    """A piece of a line.

    Attributes:
        text: shown as it is; nothing in it may have an effect.
        colour: `#rrggbb`; None for that of the terminal's text.
        is_bold: whether it stands out.

    """

    text: str
    colour: str | None = None
    is_bold: bool = False


Line = list[Span]


def to_text(lines: Iterable[Line]) -> str:
    """The lines without colours."""
    return "".join(f"{''.join(span.text for span in line).rstrip()}\n" for line in lines)


def to_terminal(lines: Sequence[Line]) -> str:
    """The lines in the colours that the terminal behind stdout has; without any on a pipe."""
    if not sys.stdout.isatty():
        return to_text(lines)
    from rich.console import Console  # 60 ms that a pipe need not pay

    console = Console()
    with console.capture() as capture:
        print_lines(console, lines)
    return capture.get()


def print_lines(console: "Console", lines: Iterable[Line]) -> None:
    """Print the lines in the console's colours, each whole however wide it is."""
    for line in lines:
        console.print(_rich([line]), soft_wrap=True)


def joined(line: Line) -> Line:
    """The line with neighbours of the same look as one span, which is drawn faster."""
    looks = groupby(line, key=lambda span: (span.colour, span.is_bold))
    return [Span("".join(span.text for span in spans), *look) for look, spans in looks]


def bar(share: float, width: int) -> Line:
    """A bar of which `share` is done."""
    done = round(min(max(share, 0.0), 1.0) * width)
    return [Span("━" * done, colour_of(2)), Span("─" * (width - done), LIGHT.dim)]


def width_of(line: Line) -> int:
    """Cells of the terminal that a line takes."""
    return sum(cells(span.text) for span in line)


def _without_blanks(line: Line) -> Line:
    """The line without what only fills its end, of which terminals differ in whether it takes room."""
    line = list(line)
    while line and not line[-1].text.strip():
        line.pop()
    return [*line[:-1], replace(line[-1], text=line[-1].text.rstrip())] if line else []


def _rich(lines: Sequence[Line]) -> "RenderableType":
    from rich.style import Style
    from rich.text import Text

    text = Text(no_wrap=True, overflow="crop", end="")
    for i, line in enumerate(lines):
        for span in line:
            text.append(span.text, Style(color=span.colour, bold=span.is_bold))
        text.append("\n" if i < len(lines) - 1 else "")
    return text


class LiveLines:
    """Lines at the end of a terminal that are drawn in the place of those before, and are gone at the end.

    What is printed meanwhile, also by a level of the user's own, stands above them.
    """

    def __init__(self, console: "Console", compose: Callable[[int, int], list[Line]]) -> None:
        """`compose` gives the lines for a number of columns and of lines."""
        from rich.live import Live

        self._console, self._compose = console, compose
        self._widths: list[int] = []
        self._columns = console.width
        self._due_s = self._cost_s = 0.0
        # Drawn by hand: a second thread would take time from the loop, and not survive the fork of workers.
        self._live = Live(console=console, auto_refresh=False, transient=True, get_renderable=self._render)

    def start(self) -> None:
        """Draw them for the first time."""
        with unheard():
            self._live.start(refresh=True)

    def stop(self) -> None:
        """Take them away."""
        with unheard():
            if self._live.is_started:
                self._clear_what_is_folded()
            self._live.stop()

    def refresh(self, *, now: bool = False) -> None:
        """Draw them anew, if it is time; with `now` in any case."""
        start_s = perf_counter()
        if not now and start_s < self._due_s:
            return
        with unheard():
            self._clear_what_is_folded()
            self._live.refresh()
        if now:
            return  # before the loop, where the first drawing may import what it needs
        end_s = perf_counter()
        cost_s = end_s - start_s
        # The mean of some, because a few cost more than others.
        self._cost_s = cost_s if self._cost_s == 0 else 0.8 * self._cost_s + 0.2 * cost_s
        self._due_s = end_s + min(max(_REFRESH_S, self._cost_s / SHARE), LONGEST_S)

    def _render(self) -> "RenderableType":
        columns, height = self._console.size
        # The last column stays free: some terminals begin a new line as soon as it is filled.
        lines = [_without_blanks(line) for line in self._compose(columns - 1, height)[: max(height - 1, 1)]]
        self._widths = [width_of(line) for line in lines]
        self._columns = columns
        return _rich(lines)

    def _clear_what_is_folded(self) -> None:
        """Take away what a terminal that has become narrower has folded into more lines than were drawn."""
        columns = self._console.width
        folded = sum(max(-(-width // columns) - 1, 0) for width in self._widths)
        if columns < self._columns and folded:
            from rich.control import Control
            from rich.segment import ControlType

            up = [(ControlType.ERASE_IN_LINE, 2), (ControlType.CURSOR_UP, 1)]
            self._console.control(Control(ControlType.CARRIAGE_RETURN, *(up * folded)))
            self._widths = []
