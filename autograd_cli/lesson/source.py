"""The source of a level, found and parsed without importing any of it."""

import ast
import importlib.util
import io
import linecache
import sys
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from autograd_cli.catalogue.blame import blame, describe, shown
from autograd_cli.catalogue.cell import Cell
from autograd_cli.catalogue.files import find_file, names_class
from autograd_cli.catalogue.modules import find_module
from autograd_cli.config.reading import read_bounded
from autograd_cli.errors import ConfigError, unknown

# No program that a person reads is as long.
_BYTES_MAX = 2**20

_NO_CODE = frozenset(
    {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.ENDMARKER,
    }
)
_WITH_DOCSTRING = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    r"""A Python file, or what there is of one.

    Attributes:
        path: where it is, as a person here would write it; empty for code that was never in a file.
        module: the module's full name, for its relative imports; empty where it has none.
        text: the whole of it, with `\n` at the end of each line.
        tree: what Python makes of it; its lines are those of `text`.

    """

    path: str
    module: str
    text: str
    tree: ast.Module

    @cached_property
    def lines(self) -> list[str]:
        """The lines, without their ends; form feeds and the like end no line."""
        return self.text.split("\n")

    @cached_property
    def code_lines(self) -> frozenset[int]:
        """Numbers of the lines, from 1, that hold code: neither blank, nor comment, nor docstring."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        lines = {
            line
            for token in tokens
            if token.type not in _NO_CODE
            for line in range(token.start[0], token.end[0] + 1)
        }
        for node in ast.walk(self.tree):
            if isinstance(node, _WITH_DOCSTRING) and (docstring := docstring_of(node)):
                lines -= set(range(docstring.lineno, (docstring.end_lineno or 0) + 1))
        return frozenset(lines)

    @cached_property
    def imports(self) -> dict[str, tuple[str, str]]:
        """Module and name behind each name that an import outside of functions binds."""
        found: dict[str, tuple[str, str]] = {}
        for node in statements(self.tree.body):
            if isinstance(node, ast.ImportFrom):
                dots = "." * node.level
                found |= {a.asname or a.name: (f"{dots}{node.module or ''}", a.name) for a in node.names}
        return found


def lines_of(text: str) -> list[str]:
    """The lines of a source, as Python counts them: a form feed ends none."""
    return text.removesuffix("\n").split("\n") if text else []


def statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module or class, also those under an `if` or a `try`, in their order."""
    for node in body:
        yield node
        if isinstance(node, ast.If | ast.Try):
            yield from statements([*node.body, *node.orelse])


def docstring_of(node: ast.AST) -> ast.Expr | None:
    """The statement that is the docstring of a module, class or function."""
    first = next(iter(getattr(node, "body", ())), None)
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return first if isinstance(first.value.value, str) else None
    return None


def find_class(cell: Cell) -> tuple[Source, ast.ClassDef]:
    """Where a level's class is written.

    Raises:
        ConfigError: there is no such file, module or class; it cannot be read, or is no Python.

    """
    name = cell.spec.name
    if cell.given is not None:
        return _find_given(cell)
    if names_class(name):
        place, _, class_name = name.rpartition(":")
        source = _read(find_file(place), place) if place.endswith(".py") else read_module(place, "impl")
        return _look_in(source, class_name, place)
    module, _, class_name = (cell.spec.target or cell.spec.batch_target or "").partition(":")
    where = f"{cell.task.name}.{name}"
    return _look_in(read_module(importlib.util.resolve_name(module, cell.task.package), where), class_name)


def read_module(name: str, where: str) -> Source:
    """The source of a module, of which neither it nor its package is imported.

    Raises:
        ConfigError: there is no such module, it has no source, or it cannot be read; `where` names who
            asked for it.

    """
    path = find_module(name)
    if path is None:
        key = "impl" if where == "impl" else None
        raise ConfigError(f"{where}: there is no module '{name}' with a source", key=key)
    return _read(path, name, name)


def find_base(source: Source, name: str) -> tuple[Source, ast.ClassDef] | None:
    """The class that `name` means in a file, if its source is found there or where it is imported from."""
    try:
        return _look_in(source, name)
    except ConfigError:
        return None


def _look_in(
    source: Source, class_name: str, place: str | None = None, depth: int = 8
) -> tuple[Source, ast.ClassDef]:
    """The class in a file, or in the one that it is imported from."""
    *_, last = class_name.split(".")
    classes = [node for node in ast.walk(source.tree) if isinstance(node, ast.ClassDef)]
    for node in classes:
        if node.name == last:
            return source, node
    if class_name in source.imports and depth:
        module, name = source.imports[class_name]
        if module.startswith("."):
            package = source.module.rpartition(".")[0]
            module = importlib.util.resolve_name(module, package) if package else ""
        path = find_module(module, Path(source.path).parent) if module else None
        if path is not None:
            return _look_in(_read(path, module, module), name, None, depth - 1)
    where = place or source.path
    if not classes:
        raise ConfigError(f"{where}: there is no class '{class_name}', nor any other, written here")
    raise unknown("class", class_name, [node.name for node in classes], where)


def _find_given(cell: Cell) -> tuple[Source, ast.ClassDef]:
    name = str(getattr(cell.given, "__qualname__", ""))
    content = (None if cell.travels else _cell_of_a_notebook(cell.given)) or cell.source
    if content is None:
        raise ConfigError(f"impl: the source of class '{name}' is not at hand", key="impl")
    module = sys.modules.get(str(getattr(cell.given, "__module__", "")))
    path = shown(str(getattr(module, "__file__", None) or "")) if cell.travels else ""
    return _look_in(_parse(content, path, name, getattr(module, "__name__", "")), name)


def _cell_of_a_notebook(given: object) -> bytes | None:
    """The source of the cell that a class was defined in, which Python keeps for tracebacks."""
    codes = (getattr(member, "__code__", None) for member in vars(given).values())
    for code in filter(None, codes):
        if lines := linecache.getlines(code.co_filename):
            return "".join(lines).encode()
    return None


def _read(path: Path, place: str, module: str = "") -> Source:
    try:
        content = read_bounded(path, _BYTES_MAX)
    except OSError as error:
        raise ConfigError(f"{shown(str(path))}: cannot read the source: {error.strerror}") from error
    return _parse(content, shown(str(path)), place, module)


def _parse(content: bytes, path: str, place: str, module: str) -> Source:
    try:
        text = importlib.util.decode_source(content)
        tree = ast.parse(text, path or place)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        has_place = isinstance(error, SyntaxError) and error.filename
        why = blame(error, path) if has_place else f"{path}: {describe(error)}"
        raise ConfigError(f"{why} (while reading {place})") from error
    return Source(path, module, text if text.endswith("\n") else f"{text}\n", tree)
