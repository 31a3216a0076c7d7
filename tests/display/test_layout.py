"""Text laid out for a terminal, and code in its pieces."""

import re

from hypothesis import given
from hypothesis import strategies as st

from autograd_cli.display.highlight import html_line, pieces_of, with_marks
from autograd_cli.display.terminal import Terminal
from autograd_cli.display.text import cells
from autograd_cli.lesson.source import lines_of

words = st.lists(st.text(st.sampled_from("abcdefgh"), min_size=1, max_size=9), min_size=1, max_size=40)
code = st.text(st.sampled_from("abc =()[]'\"#:\n\t\f0.é"), max_size=80)
marks = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=4)


@given(words, st.integers(20, 100))
def test_prose_breaks_between_words(text: list[str], columns: int) -> None:
    """No line is wider than the terminal, and put together the lines are the words."""
    told = Terminal(columns).prose(" ".join(text), "  ")
    assert max(map(len, told.splitlines())) <= columns
    assert told.split() == text


@given(st.lists(words, min_size=1, max_size=4), st.integers(24, 100))
def test_a_table_fits_and_loses_nothing(rows: list[list[str]], columns: int) -> None:
    """The last column takes as many lines as it needs; every word of it is there, in order and whole."""
    table = Terminal(columns).table(["key", "meaning"], [["k", " ".join(row)] for row in rows])
    assert max(map(cells, table.splitlines())) <= columns
    said = [word for word in table.split() if word not in ("key", "meaning", "k")]
    assert said == [word for row in rows for word in row if word not in ("key", "meaning", "k")]


@given(words)
def test_a_pipe_gets_a_line_a_row(text: list[str]) -> None:
    """Without a terminal a row is a line, however long, for programs that read lines."""
    table = Terminal().table(["key", "meaning"], [["k", " ".join(text * 9)]])
    assert len(table.splitlines()) == 2


@given(code)
def test_pieces_are_the_code(text: str) -> None:
    """Whatever the text, its pieces put together are its lines, as Python counts them."""
    assert ["".join(piece for _, piece in line) for line in pieces_of(text)] == lines_of(text)


@given(st.text(st.sampled_from("ab <&>'\""), max_size=12), marks)
def test_marks_cut_and_change_nothing(line: str, spans: list[tuple[int, int]]) -> None:
    """A marked line is the line, marked where a span says so; as HTML its text is escaped."""
    parts = list(with_marks([("", line)] if line else [], spans))
    assert "".join(text for _, text, _ in parts) == line
    flags = [on for _, text, on in parts for _ in text]
    assert flags == [any(first <= at < end for first, end in spans) for at in range(len(line))]
    html = html_line([("", line)] if line else [], spans)
    assert not set(re.sub(r"</?mark>|&[a-z]+;|&#x?\w+;", "", html)) & set("<>&'\"")


def test_code_is_told_apart() -> None:
    """Keywords, names, strings, numbers and comments are what they are called."""
    (line,) = pieces_of("def f(x): return 'a', 1  # so")
    kinds = {text: kind for kind, text in line}
    assert (kinds["def"], kinds["f"], kinds["1"], kinds["# so"]) == ("keyword", "name", "number", "comment")
    assert {kind for kind, text in line if text.strip("'") == "a"} == {"string"}
