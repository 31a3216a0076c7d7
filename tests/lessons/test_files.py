"""The files of tasks/: one screen each, standing alone, and saying what is new."""

import ast
import re
from difflib import ndiff
from itertools import pairwise

import pytest

from tests.helpers import CELLS, LEVELS, ROOT, TASKS, every_cell

LINES_ON_A_SCREEN = 64
# From one level to another that builds on it: how many lines, old and new ones counted, a lesson may take.
STEPS = {
    ("numpy", "tensor"): 20,
    ("tensor", "autograd"): 30,
    ("autograd", "function"): 25,
    ("autograd", "nn"): 40,
    ("nn", "optim"): 12,
    ("optim", "module"): 40,
    ("module", "functional"): 50,
    ("module", "dynamic"): 40,
    ("tensor", "batched"): 75,  # it brings the optimisers, too
    ("function", "batched_function"): 40,
    ("autograd", "compile"): 30,
}
LADDER = list(dict.fromkeys(impl for impls in LEVELS.values() for impl in impls))
FOLDER = ROOT / "autograd_cli" / "tasks"


@every_cell
def test_the_file_is_one_screen_and_says_what_changed(task: str, impl: str) -> None:
    """A level is a file that fits on a screen and whose first line names its place and what is new."""
    text = (FOLDER / task / f"{impl}.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LINES_ON_A_SCREEN
    first_line = (ast.get_docstring(ast.parse(text)) or "").splitlines()[0]
    place = LADDER.index(impl) + 1
    assert re.fullmatch(rf"Level {place}, [\w ]+: .{{15,}}\.", first_line), first_line


@pytest.mark.parametrize(
    ("task", "below", "impl"),
    [(t, a, b) for t in TASKS for a, b in STEPS if {(t, a), (t, b)} <= set(CELLS)],
)
def test_a_step_up_changes_little(task: str, below: str, impl: str) -> None:
    """Side by side, a level and the one that it builds on differ by the lesson, and so in few lines."""
    old, new = (
        (FOLDER / task / f"{name}.py").read_text(encoding="utf-8").splitlines() for name in (below, impl)
    )
    changed = [line for line in ndiff(old, new) if line.startswith(("- ", "+ "))]
    assert len(changed) <= STEPS[below, impl]


@every_cell
def test_the_file_stands_alone(task: str, impl: str) -> None:
    """A level imports its framework, the configuration and the problem, and no other level."""
    source = (FOLDER / task / f"{impl}.py").read_text(encoding="utf-8")
    imported = set(re.findall(r"^(?:from|import) (\S+)", source, re.MULTILINE))
    allowed = {"functools", "collections.abc", "numpy", "torch", "torch.nn.functional", "jax", "jax.numpy"}
    assert imported <= allowed | {"autograd_cli.contract.config", "autograd_cli.contract.problem"}


@pytest.mark.parametrize("task", TASKS)
def test_the_folder_is_the_matrix(task: str) -> None:
    """The files of a task's folder are its levels, and its defaults stand in a file of its name."""
    files = {path.stem for path in (FOLDER / task).glob("*.py")} - {"__init__", "problem", "reference"}
    assert files == set(LEVELS[task])
    assert (ROOT / "configs" / f"{task}.yaml").exists()


def test_rows_describe_themselves() -> None:
    """Every row says what it teaches, and no two neighbours say the same."""
    for task in TASKS.values():
        assert all(a.teaches != b.teaches for a, b in pairwise(task.levels))
        assert all(row.devices[0] == "cpu" for row in task.levels)
