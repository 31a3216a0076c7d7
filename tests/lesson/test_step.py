"""The step between two levels: nothing of either is lost, and the diff is one that `patch` takes."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_cli.lesson.step import Step, compare_lines
from tests.helpers import CELLS, TASKS
from tests.lesson.test_level import lesson_of

STEPS = [
    (task, below, impl)
    for task, impl in CELLS
    if (below := lesson_of(impl, task).below) is not None and impl in [s.name for s in TASKS[task].levels]
]
lines = st.lists(st.text(st.sampled_from("ab ="), max_size=6), max_size=12)


@given(lines, lines)
def test_rows_hold_both_texts_whole(lower: list[str], upper: list[str]) -> None:
    """Left column and right column are the two texts, line by line, whatever was paired with what."""
    rows = compare_lines(lower, upper)
    assert [row.left for row in rows if row.left is not None] == lower
    assert [row.right for row in rows if row.right is not None] == upper


@given(lines, lines)
def test_marks_lie_within_their_lines(lower: list[str], upper: list[str]) -> None:
    """A marked piece is a piece of its line, and only lines that have a counterpart are marked."""
    for row in compare_lines(lower, upper):
        for line, marks in ((row.left, row.left_marks), (row.right, row.right_marks)):
            assert all(0 <= first < end <= len(line or "") for first, end in marks)
        if row.left is None or row.right is None or row.is_same:
            assert row.left_marks == row.right_marks == ()


def test_long_texts_are_compared_without_delay() -> None:
    """Two texts of thousands of lines without one in common are rows, too: all gone, and all new."""
    rows = compare_lines([f"a{i}" for i in range(3000)], [f"b{i}" for i in range(3000)])
    assert len(rows) == 3000
    assert not any(row.is_same for row in rows)


@pytest.mark.parametrize(("task", "lower", "upper"), STEPS, ids=["-".join(step) for step in STEPS])
@pytest.mark.skipif(shutil.which("patch") is None, reason="the program patch is not installed")
def test_the_diff_makes_one_file_of_the_other(tmp_path: Path, task: str, lower: str, upper: str) -> None:
    """`patch`, given the lower level's file and the diff, writes the upper level's."""
    step = Step(lesson_of(lower, task), lesson_of(upper, task))
    (tmp_path / "level.py").write_text(step.lower.text, encoding="utf-8")
    diff = "".join(f"{line}\n" for line in step.unified())
    done = subprocess.run(
        ["patch", "level.py"], cwd=tmp_path, input=diff.encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "level.py").read_text(encoding="utf-8") == step.upper.text


def test_a_step_names_what_changes() -> None:
    """From tensors to autograd backward and update change; the views change their names, init its start."""
    step = Step(lesson_of("tensor"), lesson_of("autograd"))
    changes = {change.name: change for change in step.changes}
    assert changes["imports"].is_none
    backward = changes["backward"]
    assert (backward.lower.lines, backward.upper.lines) == (6, 3)
    assert backward.removed == 5
    assert backward.added == 2
    marks = [row for row in changes["init"].rows if row.right and "requires_grad" in row.right]
    for row in marks:
        assert row.left is not None
        assert row.right is not None
        (mark,) = row.right_marks
        assert row.right[slice(*mark)] == ", requires_grad=True"


def test_hunks_name_their_part() -> None:
    """A hunk's heading says in which part it begins, as `git diff` says the function."""
    headings = [line for line in Step(lesson_of("nn"), lesson_of("optim")).unified() if line[:2] == "@@"]
    assert all(line.rpartition("@@ ")[2] for line in headings)
    assert any(line.endswith(" init") for line in headings)
