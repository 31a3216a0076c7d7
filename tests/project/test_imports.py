"""What stays light: commands that must not wait for torch, and pipes that must not wait for rich."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.helpers import record_run, train_run
from tests.processes import run_python

# Runs the command line in a fresh interpreter, then lists the packages that were imported on stderr.
SPY = """
import os, sys
leave = os._exit
def tell(code):
    print('LOADED', *sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr, flush=True)
    leave(code)
os._exit = tell
sys.argv[0] = 'evo'
from autograd_cli.__main__ import main
main()
"""


def loaded(*arguments: object, cwd: Path, code: int = 0, extra: Mapping[str, str] | None = None) -> set[str]:
    """The top-level packages that `evo ARGUMENTS` has imported when it ends."""
    result = run_python(SPY, *arguments, cwd=cwd, **(extra or {}))
    assert result.returncode == code, result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("LOADED ")]
    return set(lines[-1].split()[1:])


COMPLETION = {"_EVO_COMPLETE": "complete_bash", "COMP_WORDS": "evo train --impl ", "COMP_CWORD": "3"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["train", "--help"],
        ["compare", "--help"],
        ["list"],
        ["show", "mlp"],
        ["show", "mlp", "dynamic"],
        ["diff", "mlp", "nn", "optim"],
    ],
    ids=" ".join,
)
def test_help_and_list_are_light(tmp_path: Path, arguments: list[str]) -> None:
    """Help, the matrix and the lessons import no torch, no NumPy, and on a pipe nothing that colours."""
    assert not loaded(*arguments, cwd=tmp_path) & {
        "torch",
        "numpy",
        "rich",
        "pydantic",
        "pygments",
        "matplotlib",
    }


@pytest.mark.parametrize("style", ["table", "json", "csv", "markdown"])
def test_compare_is_light(tmp_path: Path, style: str) -> None:
    """Comparing runs imports no torch, no NumPy, and no rich on a pipe."""
    record_run(tmp_path, "a", [2.0, 1.0])
    assert not loaded("compare", "a", "--format", style, cwd=tmp_path) & {
        "torch",
        "numpy",
        "rich",
        "pydantic",
    }


@pytest.mark.parametrize("options", [[], ["--over", "seed"], ["--x", "lr"], ["--x", "lr", "--y", "seed"]])
def test_plot_in_a_terminal_is_light(tmp_path: Path, options: list[str]) -> None:
    """Dots need no matplotlib, no torch, and not even NumPy."""
    record_run(tmp_path, "a", [2.0, 1.0])
    heavy = {"torch", "matplotlib", "numpy", "rich", "pydantic"}
    assert not loaded("plot", "a", *options, cwd=tmp_path) & heavy


@pytest.mark.parametrize("options", [["--output", "a.svg"], ["--fit", "--output", "a.png"]])
def test_plot_into_a_file_needs_no_torch(tmp_path: Path, options: list[str]) -> None:
    """Nor a fit of a torch level."""
    pytest.importorskip("matplotlib")
    run = train_run(tmp_path, "linear", "tensor", steps=2)
    assert not loaded("plot", run, *options, cwd=tmp_path) & {"torch", "rich", "pydantic"}


def test_completion_is_light(tmp_path: Path) -> None:
    """Completing a name imports no torch, no NumPy and no rich."""
    assert not loaded(cwd=tmp_path, extra=COMPLETION) & {"torch", "numpy", "rich", "pydantic"}


def test_predict_is_light(tmp_path: Path) -> None:
    """Predicting is NumPy's work, also for a run of a torch level."""
    run = train_run(tmp_path, "linear", "tensor", steps=2)
    assert not loaded("predict", run, 1, cwd=tmp_path) & {"torch", "rich", "pydantic"}


def test_a_dry_run_is_light(tmp_path: Path) -> None:
    """What a sweep would run is told before a framework is imported."""
    assert not loaded("sweep", "lr", "--dry-run", cwd=tmp_path) & {"torch", "rich", "pydantic"}


@pytest.mark.parametrize("task", ["mlp", "sin"])
def test_numpy_trains_without_torch(tmp_path: Path, task: str) -> None:
    """The level that needs NumPy alone imports NumPy alone, and no rich on a pipe."""
    packages = loaded("train", "--task", task, "--impl", "numpy", "steps=2", cwd=tmp_path)
    assert "numpy" in packages
    assert not packages & {"torch", "rich", "pydantic"}


def test_gram_sweeps_without_torch(tmp_path: Path) -> None:
    """A batch of the level that needs NumPy alone is one of NumPy's arrays."""
    arguments = ("--task", "sin", "--impl", "gram", "seed=0..2", "N=9", "steps=2", "--workers", "1")
    assert "torch" not in loaded("sweep", *arguments, cwd=tmp_path)
    assert len(list((tmp_path / "runs").glob("*-gram-*"))) == 3


def test_torch_levels_do_not_draw_tables_on_a_pipe(tmp_path: Path) -> None:
    """A torch level imports torch, and still no table machinery on a pipe."""
    packages = loaded("train", "--task", "sin", "--impl", "tensor", "steps=2", cwd=tmp_path)
    assert "torch" in packages
    assert "rich" not in packages


def test_bad_input_is_light(tmp_path: Path) -> None:
    """A mistake is told before a framework is imported."""
    arguments = ("train", "--task", "mlp", "--impl", "nn", "N=0")
    assert not loaded(*arguments, cwd=tmp_path, code=2) & {"torch", "numpy", "rich", "pydantic"}
