"""The command itself: what the shell sees of how it ended."""

from pathlib import Path

import pytest

from tests.processes import evo_process

SIN = ("train", "--task", "sin", "--impl", "numpy", "--quiet")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("list",), 0),
        ((*SIN, "steps=3"), 0),
        (("compare", "nowhere"), 1),
        ((*SIN, "N=0"), 2),
        (("trian",), 2),
        ((*SIN, "lr=1"), 3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_exit_codes(tmp_path: Path, arguments: tuple[str, ...], code: int) -> None:
    """Each end has its exit code, results on stdout, and a reason on stderr where it was no result."""
    done = evo_process(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert bool(done.stdout) == (code in (0, 3))
    assert bool(done.stderr) == (code in (1, 2))
    assert "Traceback" not in done.stderr
