"""The step from one level to another: in two columns, in one, as a diff, as HTML and as Markdown."""

from collections.abc import Callable, Iterator, Sequence
from html import escape
from itertools import zip_longest

from autograd_cli.display.highlight import Piece, html_line, pieces_of, stylesheet, with_marks
from autograd_cli.display.lessons import counted, fenced, html_table
from autograd_cli.display.terminal import Terminal
from autograd_cli.display.text import cells, shown
from autograd_cli.lesson.level import COUNTED, Lesson
from autograd_cli.lesson.source import lines_of
from autograd_cli.lesson.step import Change, Marks, Row, Step

# From so many columns on there is room for two pieces of code beside each other.
_BESIDE_MIN = 150

# A line of a part in one column: its sign, which is `-`, `+` or a space; the line; the pieces that differ.
Line = tuple[str, str, Marks]


def step_text(step: Step) -> str:
    """The step for whoever reads stdout: part by part on a terminal, and a plain unified diff elsewhere."""
    terminal = Terminal.of_stdout()
    if terminal.columns is None:
        return "".join(f"{line}\n" for line in step.unified())
    blocks = [_head(step, terminal), terminal.table(*_counts(step), right=_RIGHT)]
    beside = terminal.columns >= _BESIDE_MIN
    for change in step.changes:
        if change.is_none:
            continue
        body = _beside(change, terminal) if beside else _below(change, terminal)
        blocks.append(_rule(change, step, terminal, beside) + "".join(f"{line}\n" for line in body))
    same = [change.name for change in step.changes if change.is_none]
    if same:
        blocks.append(terminal.prose(f"As before: {', '.join(same)}."))
    return "\n".join(blocks)


def step_markdown(step: Step) -> str:
    """The step as Markdown, with a block of `diff` a part."""
    from autograd_cli.display.tables import markdown_table  # it brings all that comparing runs needs

    blocks = [
        f"## {_title(step)}\n",
        "".join(
            f"- `{one.spec.name}`: {one.spec.teaches} ({one.path})\n" for one in (step.lower, step.upper)
        ),
        f"{step.upper.docstring}\n",
        markdown_table(*_counts(step), _RIGHT),
    ]
    for change in step.changes:
        if not change.is_none:
            text = "".join(f"{sign}{line}\n" for sign, line, _ in one_column(change.rows))
            blocks.append(f"### {change.name}\n\n{fenced('diff', text)}")
    return "\n".join(blocks)


def step_html(step: Step) -> str:
    """The step as a piece of HTML with its own style."""
    parts = [
        '<meta charset="utf-8">\n<article class="evo-step">',
        f"<style>{stylesheet()}</style>",
        f"<h2>{escape(_title(step))}</h2>",
        *(
            f"<p><strong>{escape(one.spec.name)}</strong>: {escape(one.spec.teaches)} "
            f"({escape(one.path)}, {escape(counted(one))})</p>"
            for one in (step.lower, step.upper)
        ),
        html_table(*_counts(step), _RIGHT),
    ]
    for change in step.changes:
        if not change.is_none:
            parts.append(f"<h3>{change.name}</h3>\n{html_change(change)}")
    return "\n".join([*parts, "</article>\n"])


STEP_FORMATS: dict[str, Callable[[Step], str]] = {
    "text": step_text,
    "html": step_html,
    "markdown": step_markdown,
}


def html_change(change: Change) -> str:
    """What becomes of one part, as a `<pre>` with `.removed` and `.added` lines; similar ones have marks."""
    code = {"-": pieces_of(change.lower.text), "+": pieces_of(change.upper.text)}
    at = {"-": 0, "+": 0}
    out = []
    for sign, _, marks in one_column(change.rows):
        side = "-" if sign == "-" else "+"
        line = html_line(code[side][at[side]], marks)
        for one in ("-", "+") if sign == " " else (side,):
            at[one] += 1
        kind = {"-": ' class="removed"', "+": ' class="added"'}.get(sign, "")
        out.append(f"<span{kind}>{sign} {line}</span>")
    return f"<pre>{''.join(out)}</pre>"


def one_column(rows: Sequence[Row]) -> Iterator[Line]:
    """The rows of a part below each other: of each block that changes first what goes, then what comes."""
    block: list[Row] = []
    for row in [*rows, None]:
        if row is not None and not row.is_same:
            block.append(row)
            continue
        yield from (("-", one.left, one.left_marks) for one in block if one.left is not None)
        yield from (("+", one.right, one.right_marks) for one in block if one.right is not None)
        block = []
        if row is not None and row.left is not None:
            yield " ", row.left, ()


_RIGHT = frozenset({"lines before", "lines now", "gone", "new"})


def _counts(step: Step) -> tuple[list[str], list[list[str]]]:
    """Lines of code of each part before and now, and how many lines have changed."""
    rows = [
        [
            change.name,
            str(change.lower.lines),
            str(change.upper.lines),
            str(change.removed or ""),
            str(change.added or ""),
            "as before" if change.is_none else "",
        ]
        for change in step.changes
        if change.name in COUNTED or not change.is_none
    ]
    return ["part", "lines before", "lines now", "gone", "new", ""], rows


def _title(step: Step) -> str:
    return f"{step.upper.task.name}: from {step.lower.spec.name} to {step.upper.spec.name}"


def _head(step: Step, terminal: Terminal) -> str:
    title = terminal.paint("title", terminal.prose(_title(step)).rstrip("\n")) + "\n"
    names = terminal.table(["level", "file", "teaches"], [_about(step.lower), _about(step.upper)])
    return title + terminal.prose(step.upper.docstring.partition("\n\n")[0]) + "\n" + names


def _about(lesson: Lesson) -> list[str]:
    return [lesson.spec.name, lesson.path or "-", lesson.spec.teaches]


def _rule(change: Change, step: Step, terminal: Terminal, beside: bool) -> str:
    """The heading of a part; over two columns it names the levels."""
    columns = terminal.columns or 80
    if not beside:
        return terminal.paint("header", f"── {change.name} ".ljust(columns, "─")) + "\n"
    width = _half(columns)
    left = shown(f"── {change.name} ── {step.lower.spec.name} ")
    right = shown(f"── {step.upper.spec.name} ")
    return terminal.paint("header", f"{left.ljust(width, '─')}─┬─{right.ljust(width, '─')}") + "\n"


def _below(change: Change, terminal: Terminal) -> Iterator[str]:
    """A part in one column, each line with its sign."""
    kinds = {"-": "removed", "+": "added"}
    code = iter(_pieces(change.upper.text, terminal))
    for sign, line, marks in one_column(change.rows):
        pieces = next(code) if sign != "-" else []
        if sign == " ":
            yield f"  {_painted(pieces, terminal)}".rstrip()
        else:
            yield _marked(f"{sign} {line}", kinds[sign], tuple((a + 2, b + 2) for a, b in marks), terminal)


def _beside(change: Change, terminal: Terminal) -> Iterator[str]:
    """A part in two columns; a line that is too long goes on in the next one."""
    width = _half(terminal.columns or _BESIDE_MIN)
    code = iter(_pieces(change.upper.text, terminal))
    for row in change.rows:
        right_pieces = next(code) if row.right is not None else []
        if row.is_same:
            pieces = list(_cut(f"  {row.left}", (), width))
            if len(pieces) == 1:
                painted = ("  " + _painted(right_pieces, terminal)).rstrip()
                space = " " * (width - cells(pieces[0][0]))
                yield f"{painted}{space} │ {painted}".rstrip()
                continue
            for piece, _ in pieces:
                yield f"{piece}{' ' * (width - cells(piece))} │ {piece}".rstrip()
            continue
        left = [] if row.left is None else list(_cut(f"- {row.left}", row.left_marks, width))
        right = [] if row.right is None else list(_cut(f"+ {row.right}", row.right_marks, width))
        for (one, marks), (other, other_marks) in zip_longest(left, right, fillvalue=("", ())):
            first = _marked(one, "removed", marks, terminal)
            second = _marked(other, "added", other_marks, terminal)
            yield f"{first}{' ' * (width - cells(one))} │ {second}".rstrip()


def _half(columns: int) -> int:
    return (columns - 3) // 2


def _cut(line: str, marks: Marks, width: int) -> Iterator[tuple[str, Marks]]:
    """A line with its sign in pieces of at most `width` characters, cut between words; and their marks."""
    line = shown(line.expandtabs())
    indent = ""
    start = 0
    while True:
        room = width - len(indent)
        end = len(line)
        if end - start > room:
            space = line.rfind(" ", start + room // 2, start + room + 1)
            end = space + 1 if space > 0 else start + room
        shift = len(indent) + 2 - start  # marks do not count the sign
        moved = ((max(a + shift, len(indent)), min(b + shift, len(indent) + end - start)) for a, b in marks)
        yield (indent + line[start:end]).rstrip(), tuple((a, b) for a, b in moved if a < b)
        start, indent = end, " " * 10
        if start >= len(line):
            break


def _pieces(code: str, terminal: Terminal) -> list[list[Piece]]:
    if terminal.coloured:
        return pieces_of(code.expandtabs())
    return [[("", line)] for line in lines_of(code.expandtabs())]


def _painted(line: Sequence[Piece], terminal: Terminal) -> str:
    return "".join(terminal.paint(kind, shown(text)) for kind, text in line)


def _marked(line: str, kind: str, marks: Marks, terminal: Terminal) -> str:
    """A line that goes or comes, with what differs from its counterpart set off."""
    if not terminal.coloured:
        return line
    parts = with_marks([("", line)], marks)
    return "".join(terminal.paint(f"{kind} mark" if on else kind, text) for _, text, on in parts)
