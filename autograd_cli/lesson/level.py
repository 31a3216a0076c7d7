"""A level as a lesson: its code by verb, and what it teaches."""

import ast
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from autograd_cli.catalogue.cell import Cell
from autograd_cli.catalogue.checks import VIEWS
from autograd_cli.contract.task import LevelSpec, Task
from autograd_cli.lesson.source import Source, docstring_of, find_base, find_class, statements

# Whose lines are counted, by the names of their functions; the two views count together.
VERBS = {"__init__": "init", "forward": "forward", "backward": "backward", "update": "update"}
VERBS |= dict.fromkeys(VIEWS, "views")

# What a level's code consists of, in the order in which it is told.
PARTS = ("imports", "helpers", "class", "init", "forward", "backward", "update", "views", "more")
COUNTED = tuple(dict.fromkeys(VERBS.values()))

Span = tuple[int, int]  # first and last line, both counted from 1


@dataclass(frozen=True)
class Part:
    """A piece of a level's code.

    Attributes:
        name: one of `PARTS`: `helpers` are the functions and classes beside the level's that it uses, `class`
            is its first line with the docstring, `more` what a class has beside verbs and views.
        text: the source, less the indentation that all lines have.
        lines: lines of code: neither blank, nor comment, nor docstring.
        first_line: where it begins in its file, counted from 1; 0 for a part that is not there.
        base: the class that it was written for, where the level inherits it.

    """

    name: str
    text: str = ""
    lines: int = 0
    first_line: int = 0
    base: str | None = None


@dataclass(frozen=True)
class Lesson:
    """A level, as its source shows it.

    Attributes:
        task: the task.
        spec: the level.
        path: its file, as a person here would write it; empty for a class that was never in a file.
        first_line: the line of its class.
        docstring: what the file, or the class alone, says of itself.
        parts: the code by part, one of each of `PARTS`.
        code: the code as it stands in the file, less the file's docstring and what the level does not use.
        text: the whole file.

    """

    task: Task
    spec: LevelSpec
    path: str
    first_line: int
    docstring: str
    parts: dict[str, Part]
    code: str
    text: str

    @property
    def lines(self) -> dict[str, int]:
        """Lines of code by verb: `init`, `forward`, `backward`, `update`, `views`."""
        return {name: self.parts[name].lines for name in COUNTED}

    @property
    def total_lines(self) -> int:
        """Lines of code, helpers and imports among them."""
        return sum(part.lines for part in self.parts.values() if part.base is None)

    @property
    def below(self) -> str | None:
        """The level that this one starts from: the one that its docstring names, or the next lower one."""
        names = [spec.name for spec in self.task.levels]
        if self.spec.name not in names:
            return names[0]
        lower = names[: names.index(self.spec.name)]
        first_line = self.docstring.partition("\n")[0]
        return next((name for name in lower if f"`{name}`" in first_line), lower[-1] if lower else None)


def read_lesson(cell: Cell) -> Lesson:
    """The lesson that a level's source is.

    Raises:
        ConfigError: the source is not to be found or read, or the class is not in it.

    """
    source, level = find_class(cell)
    body = _body(source, level)
    parts = {**_parts_beside(source, level), **_parts_of(source, level)}
    # A file of its own speaks of its level; one of several levels does not.
    is_alone = len(body) == len(source.tree.body) - bool(docstring_of(source.tree))
    docstring = (ast.get_docstring(source.tree) if is_alone else None) or ast.get_docstring(level) or ""
    return Lesson(
        cell.task,
        cell.spec,
        source.path,
        level.lineno,
        docstring,
        {name: parts.get(name, Part(name)) for name in PARTS},
        _text(source, [_span(source, node, source.tree.body) for node in body]),
        source.text,
    )


def _body(source: Source, level: ast.ClassDef) -> list[ast.stmt]:
    """The top statements of a file that are the level's code, imports among them."""
    body = source.tree.body
    home = next(node for node in body if any(inner is level for inner in ast.walk(node)))
    wanted = [home]
    # What the level uses, what that uses, and so on.
    for node in wanted:
        names = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
        wanted += [other for other in body if other not in wanted and names & set(_bound(other))]
    docstring = docstring_of(source.tree)
    return [
        node
        for node in body
        if node is not docstring and (node in wanted or isinstance(node, ast.Import | ast.ImportFrom))
    ]


def _bound(node: ast.stmt) -> Iterator[str]:
    """The names that a top statement gives a meaning."""
    for one in statements([node]):
        if isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield one.name
        else:
            for inner in ast.walk(one):
                if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                    yield inner.id


def _parts_beside(source: Source, level: ast.ClassDef) -> dict[str, Part]:
    nodes: dict[str, list[ast.stmt]] = {"imports": [], "helpers": []}
    for node in _body(source, level):
        if isinstance(node, ast.Import | ast.ImportFrom):
            nodes["imports"].append(node)
        elif not any(inner is level for inner in ast.walk(node)):
            nodes["helpers"].append(node)
    return {
        name: _part(source, name, [_span(source, node, source.tree.body) for node in found])
        for name, found in nodes.items()
        if found
    }


def _parts_of(source: Source, level: ast.ClassDef, derived: tuple[ast.ClassDef, ...] = ()) -> dict[str, Part]:
    """The parts of a class, and those that it has from the classes it is derived from."""
    spans: dict[str, list[Span]] = {"class": [_head(source, level)]}
    docstring = docstring_of(level)
    for node in level.body:
        if node is not docstring:
            spans.setdefault(_name_of(node), []).append(_span(source, node, level.body, level))
    own = {name: _part(source, name, found) for name, found in spans.items()}
    if set(COUNTED) <= set(own):
        return own
    for base in level.bases:
        found = find_base(source, base.id) if isinstance(base, ast.Name) else None
        if found is None or found[1] in (level, *derived):
            continue
        for name, part in _parts_of(*found, (level, *derived)).items():
            if name in COUNTED and name not in own:
                own[name] = Part(name, part.text, part.lines, part.first_line, part.base or found[1].name)
    return own


def _name_of(node: ast.stmt) -> str:
    names = [node.name] if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) else []
    if isinstance(node, ast.Assign):
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        names = [node.target.id]
    return next((VERBS[name] for name in names if name in VERBS), "more")


def _head(source: Source, level: ast.ClassDef) -> Span:
    """The line `class …:` with what stands above and the docstring below it."""
    first = _span(source, level, source.tree.body)[0] if level in source.tree.body else level.lineno
    docstring = docstring_of(level)
    if docstring:
        return first, docstring.end_lineno or docstring.lineno
    return first, max(level.lineno, level.body[0].lineno - 1)


def _span(
    source: Source, node: ast.stmt, siblings: Sequence[ast.stmt], inside: ast.stmt | None = None
) -> Span:
    """The lines of a statement, its decorators, and the comment right above it."""
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(one.lineno for one in decorators)])
    floor = max(
        [one.end_lineno or 0 for one in siblings if (one.end_lineno or 0) < first]
        + ([inside.lineno] if inside else [0])
    )
    while first - 1 > floor and source.lines[first - 2].lstrip().startswith("#"):
        first -= 1
    return first, node.end_lineno or first


def _part(source: Source, name: str, spans: Sequence[Span]) -> Part:
    lines = sum(first <= line <= last for line in source.code_lines for first, last in spans)
    return Part(name, textwrap.dedent(_text(source, spans)), lines, spans[0][0])


def _text(source: Source, spans: Sequence[Span]) -> str:
    """The lines of some spans, with as many blank ones between two as there are in the file, at most two."""
    pieces = ["\n".join(source.lines[first - 1 : last]) + "\n" for first, last in spans]
    gaps = [min(max(second[0] - first[1] - 1, 0), 2) for first, second in pairwise(spans)]
    return "".join(piece + "\n" * gap for piece, gap in zip(pieces, [*gaps, 0], strict=False))
