"""`evo list`: the matrix of tasks and levels."""

from pathlib import Path

import pytest

from tests.helpers import LEVELS, TASKS, evo


@pytest.mark.parametrize("task", TASKS)
def test_list_shows_each_task(tmp_path: Path, task: str) -> None:
    """`evo list` names what a task is, its levels in their order, and for what it lacks the reason."""
    done = evo("list", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (block,) = (block for block in done.stdout.split("\n\n") if block.startswith(f"{task}: "))
    first, _, *lines = block.splitlines()
    assert first == f"{task}: {TASKS[task].summary}"
    assert [line.split()[0] for line in lines if not line.startswith("  no ")] == LEVELS[task]
    reasons = [line for line in lines if line.startswith("  no ")]
    assert reasons == [f"  no {name}: {reason}" for name, reason in TASKS[task].absent.items()]
