"""Every command of examples/README.md runs as it is written, and says what stands beside it."""

import re
import shutil
from pathlib import Path

import pytest

from tests.helpers import ROOT, evo
from tests.processes import environment

README = (ROOT / "examples" / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^`?evo (.+?)`?$", README, re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example, since training writes runs beside it."""
    return Path(shutil.copytree(ROOT / "examples" / "porting", tmp_path / "porting"))


def test_the_readme_has_commands() -> None:
    """The three ports are verified, two are trained, and they are compared."""
    assert [command.split()[0] for command in COMMANDS] == [
        *["verify"] * 3,
        *["train"] * 2,
        "compare",
        "verify",
    ]


def test_commands_run_as_written(folder: Path) -> None:
    """In the order of the README each command works, and fails where its comment says FAILED."""
    for line in COMMANDS:
        command, _, comment = line.partition(" # ")
        done = evo(*command.split(), cwd=folder)
        failed = "FirstAttempt" in command or "Momentum" in command
        assert done.returncode == (1 if failed and command.startswith("verify") else 0), (
            command,
            done.stderr,
        )
        assert done.stderr == "" or not command.startswith("verify")
        if command.startswith("verify") and comment:
            assert comment.strip() in done.stdout
        if numbers := re.search(r"down to (\S+)", comment):
            last = float(re.findall(r"last loss (\S+),", done.stdout)[-1])
            assert last == pytest.approx(float(numbers[1]), rel=0.2)


def test_the_example_needs_numpy_only(folder: Path) -> None:
    """Its levels import nothing of evo: a program that is ported need not know of it."""
    imports = re.findall(r"^(?:from|import) (\S+)", (folder / "my_levels.py").read_text(), re.MULTILINE)
    assert imports == ["numpy"]


def test_the_notebook_executes(tmp_path: Path) -> None:
    """Each of its ten cells runs, and its verdicts are what the text around them says."""
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    notebook = nbformat.read(ROOT / "examples" / "from_numpy_to_autograd.ipynb", as_version=4)
    assert len(notebook.cells) == 10
    client = nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env=environment())
    shown = [
        "".join(str(output.get("data", output)) for output in cell.get("outputs", ()))
        for cell in notebook.cells
    ]
    assert "1 of 1 levels verified" in shown[3]
    assert "0 of 1 levels verified; FAILED" in shown[5]
    assert "1 of 1 levels verified" in shown[7]
    assert "AccumulateGrad" in shown[8] or "(leaf)" in shown[8]
    assert "<table>" in shown[9]
    assert not list(tmp_path.iterdir())
