"""Sources cut into verbs: every line in its part, and nothing imported on the way."""

import ast
import linecache
import sys
from pathlib import Path
from typing import Any

import pytest

from autograd_cli.catalogue.cell import Cell, of_class
from autograd_cli.catalogue.registry import find_cell, find_level
from autograd_cli.errors import ConfigError
from autograd_cli.lesson.level import COUNTED, PARTS, Lesson, read_lesson
from autograd_cli.tasks.linear.numpy import Linear
from tests.helpers import CELLS, ROOT, TASKS, every_cell

TORCH = """
import torch  # not to be found where this is read: reading must not import it


class Broken:
    raise RuntimeError("imported")
"""


def lesson_of(impl: str, task: str = "mlp") -> Lesson:
    """The lesson of a level, by its names."""
    return read_lesson(Cell(TASKS[task], find_level(TASKS[task], impl, "impl")))


def write(folder: Path, name: str, text: str) -> str:
    """A file of a user's own; its path."""
    (folder / name).write_text(text, encoding="utf-8")
    return str(folder / name)


@every_cell
def test_each_line_of_a_level_is_in_exactly_one_part(task: str, impl: str) -> None:
    """Put together, the parts hold the lines of the file, less its docstring and blank lines, once each."""
    lesson = lesson_of(impl, task)
    whole = (ROOT / "autograd_cli" / "tasks" / task / f"{impl}.py").read_text(encoding="utf-8")
    docstring = ast.parse(whole).body[0].end_lineno or 0
    expected = sorted(line.strip() for line in whole.splitlines()[docstring:] if line.strip())
    parts = "\n".join(part.text for part in lesson.parts.values())
    assert sorted(line.strip() for line in parts.splitlines() if line.strip()) == expected


@every_cell
def test_lines_of_code_are_counted(task: str, impl: str) -> None:
    """Lines count that are left when an independent printer, without comments, has dropped the docstrings.

    Python's own printer puts each statement on a line, so no part can have more of those than lines of code,
    unless a line holds two statements, which none of ours does.
    """
    lesson = lesson_of(impl, task)
    for name in COUNTED:
        part = lesson.parts[name]
        if not part.text:
            assert part.lines == 0
            continue
        tree = ast.parse(part.text)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
                node.body = node.body[1:]
        statements = [line for line in ast.unparse(tree).splitlines() if line.strip()]
        comments = [line for line in part.text.splitlines() if line.lstrip().startswith("#")]
        assert len(statements) <= part.lines <= len(part.text.splitlines()) - len(comments)


def test_verbs_are_found_where_they_stand() -> None:
    """The three verbs of a level are the methods of these names, and the views count together."""
    lesson = lesson_of("autograd")
    assert lesson.parts["forward"].text.startswith("def forward(self)")
    assert "loss.backward()" in lesson.parts["backward"].text
    assert "no_grad" in lesson.parts["update"].text
    assert lesson.lines == {"init": 6, "forward": 5, "backward": 3, "update": 4, "views": 2}
    assert tuple(lesson.parts) == PARTS


def test_helpers_are_what_a_level_uses(tmp_path: Path) -> None:
    """Of a file with several classes a level's code is its own class and what that uses, directly or not."""
    text = """
import math

SCALE = 2

def scaled(x):
    return SCALE * x

def unused():
    return 0

class Other:
    def forward(self): return unused()

class Mine:
    def forward(self):
        return scaled(math.pi)
"""
    lesson = lesson_of(f"{write(tmp_path, 'mine.py', text)}:Mine")
    assert " ".join(lesson.parts["helpers"].text.split()) == "SCALE = 2 def scaled(x): return SCALE * x"
    assert lesson.parts["imports"].text == "import math\n"
    assert "unused" not in lesson.code
    assert "Other" not in lesson.code


def test_the_comment_above_a_view_belongs_to_it() -> None:
    """A comment that stands right above a statement goes with it."""
    views = lesson_of("dynamic").parts["views"]
    assert views.text.startswith("# A Linear keeps its weight as (out, in)")
    assert views.lines < len(views.text.splitlines())


def test_what_a_level_inherits_is_shown_with_its_origin(tmp_path: Path) -> None:
    """A verb that a base class brings is told to be the base's, also over an import and a relative one."""
    text = "from autograd_cli.tasks.mlp.numpy import Mlp\n\nclass Mine(Mlp):\n    def update(self): ...\n"
    lesson = lesson_of(f"{write(tmp_path, 'mine.py', text)}:Mine")
    forward, update = lesson.parts["forward"], lesson.parts["update"]
    assert (forward.base, forward.text) == ("Mlp", lesson_of("numpy").parts["forward"].text)
    assert (update.base, update.text) == (None, "def update(self): ...\n")
    assert lesson.total_lines == 3
    write(tmp_path, "base.py", "class Base:\n    def forward(self): ...\n")
    near = write(tmp_path, "near.py", "from base import Base\nclass Near(Base): ...\n")
    assert lesson_of(f"{near}:Near").parts["forward"].base == "Base"


def test_a_circle_of_bases_comes_to_an_end(tmp_path: Path) -> None:
    """Two files that import a class from each other are read once each."""
    write(tmp_path, "one.py", "from two import A\n")
    two = write(tmp_path, "two.py", "from one import A\n")
    with pytest.raises(ConfigError, match="no class 'A'"):
        lesson_of(f"{two}:A")
    loop = write(tmp_path, "loop.py", "class A(B): ...\nclass B(A): ...\n")
    assert lesson_of(f"{loop}:A").parts["forward"].text == ""


def test_reading_executes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file and a package are read whose code could not run; neither is imported."""
    path = write(tmp_path, "broken.py", TORCH)
    assert lesson_of(f"{path}:Broken").parts["class"].lines == 1
    (tmp_path / "pkg_that_breaks").mkdir()
    write(tmp_path / "pkg_that_breaks", "__init__.py", "raise RuntimeError")
    write(tmp_path / "pkg_that_breaks", "inside.py", TORCH)
    monkeypatch.syspath_prepend(tmp_path)
    assert lesson_of("pkg_that_breaks.inside:Broken").path.endswith("inside.py")
    assert "pkg_that_breaks" not in sys.modules


def test_a_class_at_hand_is_read_by_its_file() -> None:
    """A class that was handed over gives the lesson that its name gives."""
    lesson = read_lesson(of_class(TASKS["linear"], Linear))
    assert lesson.parts == lesson_of("numpy", "linear").parts


def test_a_class_of_a_notebook_is_read_by_its_cell() -> None:
    """A class that never was in a file is found in the cell that Python keeps for its tracebacks."""
    cell = "x = 1\n\nclass Cellular:\n    def forward(self): ...\n    def backward(self, loss): ...\n"
    cell += "    def update(self): self.w -= 1\n    parameters = gradients = property(lambda self: {})\n"
    linecache.cache["<cell 1>"] = (len(cell), None, cell.splitlines(keepends=True), "<cell 1>")
    space: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(cell, "<cell 1>", "exec"), space)  # noqa: S102 - as a notebook does
    lesson = read_lesson(of_class(TASKS["linear"], space["Cellular"]))
    assert lesson.parts["update"].text == "def update(self): self.w -= 1\n"
    assert "x = 1" not in lesson.code


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"class Mine:\n  def (", "SyntaxError"),
        (b"# coding: utf-8\n\xff\xfe", "UnicodeDecodeError"),
        (b"\xff\xfe", "SyntaxError"),
        (b"# coding: nonsense\n", "SyntaxError"),
        (b"x = 1\n", "there is no class 'Mine'"),
        (b"class Mime: ...\n", "did you mean 'Mime'"),
        (b"a\0b", "null bytes"),
    ],
)
def test_a_file_that_is_no_level_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    """What cannot be read as Python, or lacks the class, is told with the file's name."""
    (tmp_path / "mine.py").write_bytes(content)
    with pytest.raises(ConfigError, match=said) as caught:
        lesson_of(f"{tmp_path / 'mine.py'}:Mine")
    assert "mine.py" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_the_level_below_is_the_one_that_is_named() -> None:
    """A level starts from the one that its first line names, and otherwise from the next lower one."""
    below = {impl: lesson_of(impl, task).below for task, impl in CELLS if task == "mlp"}
    assert below == {
        "numpy": None,
        "tensor": "numpy",
        "autograd": "tensor",
        "function": "autograd",
        "nn": "function",
        "optim": "nn",
        "module": "optim",
        "functional": "module",
        "dynamic": "module",
        "batched": "tensor",
        "gram": "numpy",
        "compile": "autograd",
        "jax": "autograd",
    }


def test_a_changed_line_changes_the_lesson(tmp_path: Path) -> None:
    """The lesson is made from the source that is there: nothing about a level is written down elsewhere."""
    path = tmp_path / "mine.py"
    source = find_cell("mlp", "numpy")
    assert source.spec.target == ".numpy:Mlp"
    text = (ROOT / "autograd_cli" / "tasks" / "mlp" / "numpy.py").read_text(encoding="utf-8")
    path.write_text(text.replace("self.w1 -= self.lr * self.grad_w1", "self.w1 -= 2 * self.grad_w1"))
    changed, old = lesson_of(f"{path}:Mlp"), lesson_of("numpy")
    different = [name for name in PARTS if changed.parts[name] != old.parts[name]]
    assert different == ["update"]
