"""Python code in pieces, each with what it is: for colours on a terminal and in a page."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from html import escape
from pathlib import Path
from typing import Any

from autograd_cli.lesson.source import lines_of

# What it is (`keyword`, `string`, `comment`, `number`, `name`, `builtin`, `decorator` or nothing); its text.
Piece = tuple[str, str]


@lru_cache(maxsize=1024)
def pieces_of(code: str) -> list[list[Piece]]:
    """The lines of `code`, each in its pieces, which put together are the line again."""
    whole = lines_of(code)
    lines: list[list[Piece]] = [[]]
    for token, text in _lexer().get_tokens(code):
        kind = _kind(token)
        first, *rest = text.split("\n")
        if first:
            lines[-1].append((kind, first))
        for piece in rest:
            lines.append([(kind, piece)] if piece else [])
    # What pygments takes for the end of a line, and Python does not, is shown without colours.
    same = ["".join(text for _, text in line) for line in lines[: len(whole)]] == whole
    return lines[: len(whole)] if same else [[("", line)] for line in whole]


def with_marks(line: Sequence[Piece], marks: Iterable[tuple[int, int]]) -> Iterator[tuple[str, str, bool]]:
    """The pieces of a line, cut where a mark begins or ends: what each is, its text, whether it is marked."""
    marked = {at for first, end in marks for at in range(first, end)}
    at = 0
    for kind, text in line:
        start = 0
        for end in range(1, len(text) + 1):
            if end == len(text) or ((at + end) in marked) != ((at + start) in marked):
                yield kind, text[start:end], (at + start) in marked
                start = end
        at += len(text)


def html_line(line: Sequence[Piece], marks: Iterable[tuple[int, int]] = ()) -> str:
    """A line as HTML: a `<span class="keyword">` a piece, a `<mark>` around what is marked."""
    parts = []
    for kind, text, is_marked in with_marks(line, marks):
        part = f'<span class="{kind}">{escape(text)}</span>' if kind else escape(text)
        parts.append(f"<mark>{part}</mark>" if is_marked else part)
    return "".join(parts)


def html_code(code: str) -> str:
    """Highlighted code for a `<pre>`."""
    return "".join(f"{html_line(line)}\n" for line in pieces_of(code))


@cache
def stylesheet() -> str:
    """The CSS of highlighted code and of diffs, light and dark."""
    return Path(__file__).with_name("code.css").read_text(encoding="utf-8")


@cache
def _lexer() -> Any:
    from pygments.lexers.python import PythonLexer  # a pipe need not wait for it

    return PythonLexer(stripnl=False, ensurenl=True)


@cache
def _kind(token: Any) -> str:
    from pygments.token import Comment, Keyword, Name, Number, Operator, String

    kinds = {
        Keyword: "keyword",
        Operator.Word: "keyword",
        String.Interpol: "",
        String: "string",
        Comment: "comment",
        Number: "number",
        Name.Function: "name",
        Name.Class: "name",
        Name.Decorator: "decorator",
        Name.Builtin: "builtin",
    }
    return next((kind for parent, kind in kinds.items() if token in parent), "")
