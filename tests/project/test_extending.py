"""A package with a task and a level of its own, made from the blocks of docs/extending.md."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT
from tests.processes import evo_process

GUIDE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```\w+\n# (kit/\S+)\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL))
COMMANDS = re.search(r"^```\npip install \./kit\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def pip(folder: Path, *arguments: object) -> None:
    """Install a package into `folder`, from here alone."""
    always = ("--no-deps", "--no-index", "--no-build-isolation", "--quiet", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "install", *map(str, arguments), "--target", str(folder), *always]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which evo and the guide's package are installed under `site`."""
    folder = tmp_path_factory.mktemp("kit")
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    (folder / "kit" / "kit" / "__init__.py").touch()
    pip(folder / "site", ROOT)
    pip(folder / "site", folder / "kit")
    return folder


def test_the_package_trains_verifies_and_predicts(folder: Path) -> None:
    """Each command that the guide shows for the package ends well, and the parabola is found."""
    assert COMMANDS
    outputs = []
    for line in COMMANDS[1].splitlines():
        words = shlex.split(line)
        assert words[0] == "evo"
        done = evo_process(*words[1:], cwd=folder, PYTHONPATH=str(folder / "site"))
        assert (done.returncode, done.stderr) == (0, ""), line
        outputs.append(done.stdout)
    trained, other, verified, predicted = outputs
    assert "y = 3 x²" in trained
    assert "completed; 20 steps" in other
    assert verified.splitlines()[-1] == "1 of 1 levels verified"
    assert float(predicted.split()[-1]) == pytest.approx(12.0, rel=1e-3)


def test_the_package_is_shown(folder: Path) -> None:
    """A task and a level of an installed package are shown with their code, and a step leads to the level."""

    def told(*words: str) -> str:
        done = evo_process(*words, cwd=folder, PYTHONPATH=str(folder / "site"))
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    task = told("show", "parabola")
    assert "points from -1 to 1 (a whole number, 2 or more)" in task
    assert "parabola.yaml" in task
    assert "grad_w = (2 * (self.y_pred - self.y) * self.x2).sum()" in told("show", "parabola", "numpy")
    mine = told("show", "mlp", "mine")
    assert "class Mine(Mlp):" in mine
    assert "inherited: init from Mlp, forward from Mlp" in mine
    assert "+class Mine(Mlp):" in told("diff", "mlp", "numpy", "mine")
    assert "mine" in told("show", "mlp")
