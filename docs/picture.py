"""Draw README's picture from runs made now: `make picture`.

It shows what commands print: a step up as `evo diff` has it, curves as `evo plot` draws them, and verdicts
of `evo verify`. Text is set word by word, each at its own place and of its own width, so that it stands in
columns in whatever font a viewer has; the letters of the curves are paths.
"""

import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import autograd_cli as evo
from autograd_cli.api.plot import Plot
from autograd_cli.display.figures import curves_figure, to_bytes
from autograd_cli.display.steps import one_column
from autograd_cli.display.theme import THEMES, Theme
from autograd_cli.lesson.step import Marks, Step

HERE = Path(__file__).resolve().parent
EXAMPLE = HERE.parent / "examples" / "porting"
PORT = "my_levels.py:FirstAttempt"
RATES = ("1e-7", "3e-7", "1e-6", "2e-6", "6e-6")

# A step of which these parts say most.
PARTS = ("backward", "update")

_FONT_PX = 12.0
_CELL_PX, _LINE_PX = 0.6 * _FONT_PX, 17.0
_PAD_PX, _GAP_PX, _HEAD_PX = 12.0, 12.0, 30.0
_HALF_PX, _WIDTH_PX = 508.0, 1040.0
_INDENT = 10  # of a line that goes on
_BREAK = "\\\n    "  # in a command

# Behind what goes, what comes, and what of it differs, as in the pages of `evo diff`; and behind all of it.
BACKS = {
    "light": {"-": ("#ffebe9", "#ffb8b0"), "+": ("#dafbe1", "#95e3a8"), "": ("#f6f8fa", "#d1d9e0")},
    "dark": {"-": ("#3c1618", "#8a2b2b"), "+": ("#12311d", "#1f6e35"), "": ("#151b23", "#3d444d")},
}


@dataclass(frozen=True)
class Line:
    """A line of a panel.

    Attributes:
        text: set in columns.
        look: `-` or `+` for what goes or comes, `wrong`, `right`, `dim`, or nothing.
        marks: pieces of it that are set off.
        is_bold: whether all of it stands out.

    """

    text: str
    look: str = ""
    marks: Marks = ()
    is_bold: bool = False


@dataclass(frozen=True)
class Material:
    """What the runs gave: the lines of the panels, and the curves."""

    step: Step
    curves: Plot
    wrong: str
    right: str


def make() -> Material:
    """Train and verify, in a folder that goes away."""
    os.chdir(EXAMPLE)
    wrong = evo.verify("mlp", PORT).text()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        runs = evo.sweep("mlp", "autograd", lr=",".join(RATES))
        curves = evo.plot(runs)
        right = evo.verify().text()
        os.chdir(HERE)
    return Material(evo.diff("mlp", "tensor", "autograd").content, curves, wrong, right)


# --- what stands in the panels ------------------------------------------------------------------------


def diff_lines(step: Step, columns: int) -> Iterator[Line]:
    """Some parts of a step, as a terminal of so many columns shows them."""
    for change in step.changes:
        if change.name not in PARTS:
            continue
        if change.name != PARTS[0]:
            yield Line("")
        yield Line(f"── {change.name} ".ljust(columns, "─"), "dim")
        for sign, text, marks in one_column(change.rows):
            whole = f"{sign} {text}"
            for start, end in _pieces(whole, columns):
                indent = _INDENT if start else 0
                shift = 2 - start + indent  # marks do not count the sign
                piece = " " * indent + whole[start:end].rstrip()
                moved = ((max(a + shift, indent), min(b + shift, len(piece))) for a, b in marks)
                yield Line(piece, sign if sign != " " else "dim", tuple((a, b) for a, b in moved if a < b))


def wrong_lines(said: str, columns: int) -> Iterator[Line]:
    """What is said of a level that is not the same: its mistake, where it is, and the last line."""
    title, complaint, *_ = said.partition("\nFAILED")[2].splitlines()
    yield from (Line(text, "wrong", is_bold=True) for text in _wrapped(f"FAILED{title}", columns))
    yield from (Line(text) for text in _wrapped(re.sub(" {3,}", "  ", complaint), columns, "  "))


def right_lines(said: str) -> Iterator[Line]:
    """The table of ticks, and the last line."""
    header, *rows = said.partition("\n\n")[0].splitlines()
    yield Line(header, "dim")
    yield from (Line(row, "right") for row in rows)
    yield Line("")
    yield Line(said.rstrip().splitlines()[-1], "right", is_bold=True)


def _wrapped(text: str, columns: int, indent: str = "") -> Iterator[str]:
    text = text.strip()
    for start, end in _pieces(text, columns - len(indent), 0):
        yield indent + text[start:end].strip()


def _pieces(text: str, columns: int, indent: int = _INDENT) -> Iterator[tuple[int, int]]:
    """Where a line is cut between words, so that each piece has room; later ones are indented."""
    start = 0
    while start < len(text):
        room = columns - (indent if start else 0)
        end = len(text)
        if end - start > room:
            end = text.rfind(" ", start + 1, start + room + 1) + 1 or start + room
        yield start, end
        start = end


# --- how they are drawn ---------------------------------------------------------------------------------


def text_svg(line: Line, x: float, y: float, width: float, name: str) -> str:
    """A line whose first letter begins at x, with its baseline at y; in a panel of that width."""
    theme = THEMES[name]
    back, mark = BACKS[name].get(line.look, ("", ""))
    colours = {"wrong": theme.series[1], "right": theme.series[2], "dim": theme.dim}
    colour = colours.get(line.look, theme.ink)
    top = y - 0.75 * _LINE_PX + 0.5
    parts = []
    if back and line.look:
        parts.append(_rect(x - _PAD_PX + 1, top, width - 2, _LINE_PX + 0.6, back))
    for start, end in line.marks:
        parts.append(_rect(x + start * _CELL_PX, top + 1, (end - start) * _CELL_PX, _LINE_PX - 2, mark))
    if line.look == "dim" and line.text.startswith("──"):
        title = line.text.strip("─ ")
        parts.append(_text(title, x, y, colour, is_bold=True))
        start_x = x + (len(title) + 1) * _CELL_PX
        parts.append(_rect(start_x, y - 4, x + width - 2 * _PAD_PX - start_x, 1, theme.grid))
        return "".join(parts)
    for word in re.finditer(r"\S+", line.text):
        parts.append(_text(word[0], x + word.start() * _CELL_PX, y, colour, is_bold=line.is_bold))
    return "".join(parts)


@dataclass(frozen=True)
class Panel:
    """A box: the command that was typed, and below it lines or a picture.

    Attributes:
        command: what was typed.
        width: in pixels.
        lines: what came of it.
        drawing: or that, as SVG that fills a width and a height.
        drawing_px: the drawing's height in pixels.

    """

    command: str
    width: float
    lines: Sequence[Line] = ()
    drawing: str = ""
    drawing_px: float = 0.0

    @property
    def height(self) -> float:
        """In pixels."""
        return self.head + (self.drawing_px or len(self.lines) * _LINE_PX + 2 * _PAD_PX - 4)

    @property
    def head(self) -> float:
        """The height of the command's lines, in pixels."""
        return _HEAD_PX + self.command.count("\n") * _LINE_PX

    def draw(self, x: float, y: float, height: float, name: str) -> str:
        """The panel with its corner at a place."""
        theme = THEMES[name]
        panel, edge = BACKS[name][""]
        w, side = self.width, self.head - 7.5
        top = f"M{x + 0.5},{y + self.head}v-{side}a7,7 0 0 1 7,-7h{w - 15}a7,7 0 0 1 7,7v{side}z"
        box = f'x="{x}" y="{y}" width="{w}" height="{height}" rx="7"'
        parts = [f'<rect {box} fill="{theme.paper}" stroke="{edge}"/>', f'<path d="{top}" fill="{panel}"/>']
        if self.drawing:
            box = f'x="{x + 2}" y="{y + self.head + 1}" width="{w - 4}" height="{self.drawing_px - 4}"'
            parts.append(self.drawing.replace("<svg ", f"<svg {box} ", 1))
        command = [Line(text, is_bold=True) for text in f"$ {self.command}".split("\n")]
        for lines, first in ((command, y + 19.5), (self.lines, y + self.head + _PAD_PX + 9)):
            parts += [
                text_svg(line, x + _PAD_PX, first + i * _LINE_PX, w, name) for i, line in enumerate(lines)
            ]
        return "\n".join(parts)


def curves_svg(curves: Plot, width: float, height: float, theme: Theme) -> str:
    """What `evo plot` writes, of another size, to be put into a picture."""
    figure = curves_figure(curves.content, theme)  # type: ignore[arg-type]  # curves, as no `x` was asked for
    figure.set_size_inches(width / 72, height / 72)
    whole = to_bytes(figure, "svg").decode()
    body = re.sub(r"<metadata>.*?</metadata>", "", whole[whole.index("<svg ") :], flags=re.DOTALL)
    view = re.search(r'viewBox="[^"]+"', body)
    assert view
    return re.sub(
        r"<svg [^>]*>", f'<svg xmlns:xlink="http://www.w3.org/1999/xlink" {view[0]}>', body, count=1
    )


def picture(material: Material, name: str, *, narrow: bool) -> str:
    """The whole picture in a theme, its panels beside each other or, where a page is narrow, in a column."""
    columns = int((_HALF_PX - 2 * _PAD_PX) / _CELL_PX)
    diff = Panel("evo diff mlp tensor autograd", _HALF_PX, list(diff_lines(material.step, columns)))
    beside = _HALF_PX if narrow else _WIDTH_PX - 3 * _GAP_PX - _HALF_PX
    plot_px = 330 if narrow else diff.height - _HEAD_PX
    drawing = curves_svg(material.curves, beside - 4, plot_px, THEMES[name])
    curves = Panel("evo plot runs/*", beside, drawing=drawing, drawing_px=plot_px - 2)
    ticks = list(right_lines(material.right))
    right_px = max(len(line.text) for line in ticks) * _CELL_PX + 2 * _PAD_PX
    wrong_px = _HALF_PX if narrow else _WIDTH_PX - 3 * _GAP_PX - right_px
    columns = int((wrong_px - 2 * _PAD_PX) / _CELL_PX)
    command = f"evo verify --task mlp {'' if narrow else _BREAK}--impl {PORT}"
    wrong = Panel(command, wrong_px, list(wrong_lines(material.wrong, columns)))
    right = Panel("evo verify", right_px, ticks)
    rows = [[diff], [curves], [wrong]] if narrow else [[diff, curves], [wrong, right]]
    parts = []
    y = _GAP_PX
    for row in rows:
        height, x = max(panel.height for panel in row), _GAP_PX
        for panel in row:
            parts.append(panel.draw(round(x, 1), round(y, 1), round(height, 1), name))
            x += panel.width + _GAP_PX
        y += height + _GAP_PX
    width = _HALF_PX + 2 * _GAP_PX if narrow else _WIDTH_PX
    words = "A step's diff, loss curves at five learning rates, and verdicts"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {y:.0f}" width="{width:.0f}" '
        f'height="{y:.0f}" role="img">\n<title>{words}</title>\n{_rect(0, 0, width, y, THEMES[name].paper)}'
    )
    return "\n".join([head, *parts, "</svg>\n"])


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _text(word: str, x: float, y: float, colour: str, *, is_bold: bool = False) -> str:
    weight = ' font-weight="700"' if is_bold else ""
    font = f'font-family="monospace" font-size="{_FONT_PX:.0f}"{weight}'
    length = f'textLength="{len(word) * _CELL_PX:.1f}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {font} fill="{colour}" {length}>{escape(word, quote=False)}</text>'


def main() -> None:
    """Write the pictures: light and dark, wide and narrow."""
    material = make()
    for name in THEMES:
        for ending, narrow in (("", False), ("-narrow", True)):
            file = HERE / f"evo-{name}{ending}.svg"
            file.write_text(picture(material, name, narrow=narrow), encoding="utf-8")


if __name__ == "__main__":
    main()
