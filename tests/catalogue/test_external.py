"""Levels and tasks from outside: a class in a user's file, and what installed packages announce."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from autograd_cli.catalogue.files import names_class
from tests.helpers import ROOT, evo

LEVELS = '''
import numpy as np
from autograd_cli.tasks.mlp.numpy import Mlp


class Mine(Mlp):
    """The same level under another name."""


class PythonFloat(Mlp):
    def forward(self):
        return float(super().forward())  # line 12


class Nothing(Mlp):
    def forward(self):
        super().forward()


class Vector(Mlp):
    def forward(self):
        return np.ones(3) * super().forward()


class NoBackward:
    def __init__(self, problem, config): ...
    def forward(self): ...
    def update(self): ...


class NoViews(NoBackward):
    def backward(self, loss): ...


class MethodForView(Mlp):
    def parameters(self):
        return {}


class Raises(Mlp):
    count = 0

    def backward(self, loss):
        if self.count == 3:
            raise RuntimeError("boom\\nsecond line")
        self.count += 1
        super().backward(loss)


class RaisesAtOnce(Mlp):
    def __init__(self, problem, config):
        problem.start["w3"]


class RaisesAtTheEnd(Mlp):
    updated = False

    def update(self):
        self.updated = True

    @property
    def parameters(self):
        if self.updated:
            raise ValueError("gone")
        return super().parameters
'''
SMALL = ("D_in=5", "N=4", "steps=10")


def line_of(text: str) -> int:
    """The line of LEVELS that contains `text`."""
    return next(i for i, line in enumerate(LEVELS.splitlines(), 1) if text in line)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder with a file of levels."""
    (tmp_path / "my_levels.py").write_text(LEVELS)
    return tmp_path


def train(folder: Path, impl: str, *arguments: object, **extra: str) -> subprocess.CompletedProcess[str]:
    """`evo train --task mlp --impl IMPL`, small."""
    return evo("train", "--task", "mlp", "--impl", impl, "-q", *SMALL, *arguments, cwd=folder, **extra)


def line_of_error(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one line on stderr of a command that failed with `code`."""
    assert done.returncode == code, done.stderr
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.parametrize("spelling", ["my_levels.py", "./my_levels.py", "ABSOLUTE"])
def test_a_class_in_a_file_is_a_level(folder: Path, spelling: str) -> None:
    """It trains, records in a directory named after its class, compares, and repeats from config.yaml."""
    file = folder / "my_levels.py" if spelling == "ABSOLUTE" else spelling
    done = train(folder, f"{file}:Mine")
    assert (done.returncode, done.stderr) == (0, "")
    run = Path(done.stdout.strip())
    assert re.fullmatch(r"\d{8}T\d{6}Z-mlp-Mine-s0-[0-9a-f]{8}", run.name)
    again = evo("train", "--config", run / "config.yaml", "-q", "--name", "again", cwd=folder)
    assert (again.returncode, again.stderr) == (0, f"evo: note: runs the code of {file}:Mine\n")
    own = train(folder, "numpy", "dtype=float32", "threads=1", "--name", "own")
    assert own.returncode == 0
    losses = [
        [line.split(",")[1] for line in (folder / path / "losses.csv").read_text().splitlines()]
        for path in (run, "runs/again", "runs/own")
    ]
    assert losses[0] == losses[1] == losses[2]
    rows = json.loads(evo("compare", run, "runs/own", "--format", "json", cwd=folder).stdout)
    assert f"{file}:Mine" in json.dumps(rows)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x = 1\nclass Mine(:\n", r"my_levels\.py:2: SyntaxError: .*"),
        ("import os\nimport no_such_module\n", r"my_levels\.py:2: ModuleNotFoundError: No module named .*"),
        ("\n\nraise ValueError('at import')\n", r"my_levels\.py:3: ValueError: at import .*"),
        ("\nimport sys\nsys.exit(0)\n", r"my_levels\.py:3: SystemExit: 0 .*"),
        ("", r"my_levels\.py: there is no class 'Mine', nor any other, in this file"),
        ("class Mime: ...\n", r"my_levels\.py: unknown class 'Mine'; did you mean 'Mime'\? .*"),
        ("Mine = 3\nclass Other: ...\n", r"my_levels\.py: unknown class 'Mine'.*"),
        ("\nclass Mine: ...\n", r"my_levels\.py:2: class Mine lacks forward and backward and update .*"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: str, message: str) -> None:
    """One line with the user's own file and line, exit 2 and no run directory, in train and in verify."""
    (tmp_path / "my_levels.py").write_text(content)
    line = line_of_error(train(tmp_path, "my_levels.py:Mine"), 2)
    assert re.fullmatch("evo: " + message, line), line
    verified = evo("verify", "--task", "mlp", "--impl", "my_levels.py:Mine", cwd=tmp_path)
    assert line_of_error(verified, 2) == line
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "NoBackward",
            f"my_levels.py:{line_of('class NoBackward')}: class NoBackward lacks backward (",
        ),
        ("NoViews", f"my_levels.py:{line_of('class NoViews')}: class NoViews lacks parameters and gradients"),
        (
            "MethodForView",
            f"my_levels.py:{line_of('class MethodForView')}: parameters of class MethodForView",
        ),
        ("RaisesAtOnce", f"my_levels.py:{line_of('w3')}: KeyError: 'w3' (while making the level)"),
    ],
)
def test_a_class_that_is_no_level(folder: Path, name: str, message: str) -> None:
    """What is missing is said before training, and no run directory is left behind."""
    line = line_of_error(train(folder, f"my_levels.py:{name}"), 2)
    assert line.startswith(f"evo: {message}")
    assert not (folder / "runs").exists()


@pytest.mark.parametrize(
    ("name", "message", "steps"),
    [
        ("PythonFloat", f"my_levels.py:{line_of('line 12') - 1}: forward() returned float ", 0),
        ("Nothing", f"my_levels.py:{line_of('class Nothing') + 1}: forward() returned NoneType None", 0),
        (
            "Vector",
            f"my_levels.py:{line_of('class Vector') + 1}: forward() returned ndarray of shape (3,)",
            0,
        ),
        ("Raises", f"my_levels.py:{line_of('boom')}: RuntimeError: boom", 4),
        ("RaisesAtTheEnd", f"my_levels.py:{line_of('gone')}: ValueError: gone (in parameters)", 10),
    ],
)
def test_a_level_that_fails_in_training(folder: Path, name: str, message: str, steps: int) -> None:
    """A verb that raises, or returns no loss, is one line and a run recorded as failed with what it had."""
    line = line_of_error(train(folder, f"my_levels.py:{name}", "--name", "x"), 1)
    assert line.startswith(f"evo: {message}")
    record = json.loads((folder / "runs/x/run.json").read_text())
    assert record["status"] == "failed"
    assert line == f"evo: {record['error']}"
    # The loss of the step that fails may be lost with its batch, those of batches before are not.
    assert record["steps"] in (0, steps)
    verified = evo("verify", "--task", "mlp", "--impl", f"my_levels.py:{name}", "--quick", cwd=folder)
    assert (verified.returncode, verified.stderr) == (1, "")
    assert message.removesuffix(" (in parameters)") in verified.stdout


def test_predict_never_imports_the_file(folder: Path) -> None:
    """A run of a user's level predicts though its file is gone, and a foreign config.yaml runs no code."""
    assert train(folder, "my_levels.py:Mine", "--name", "x").returncode == 0
    before = evo("predict", "runs/x", 1, 2, 3, 4, 5, cwd=folder)
    assert (before.returncode, before.stderr) == (0, "")
    (folder / "my_levels.py").write_text("open('touched', 'w')\n")
    after = evo("predict", "runs/x", 1, 2, 3, 4, 5, cwd=folder)
    assert (after.returncode, after.stdout) == (0, before.stdout)
    (folder / "my_levels.py").unlink()
    assert evo("predict", "runs/x", 1, 2, 3, 4, 5, cwd=folder).stdout == before.stdout
    assert not (folder / "touched").exists()


def test_a_level_may_name_its_model(tmp_path: Path) -> None:
    """A port of `dynamic` says so, and is held against the reference of that model on all of its paths."""
    head = "from autograd_cli.tasks.mlp.dynamic import Mlp\n\n\nclass Mine(Mlp):\n"
    (tmp_path / "mine.py").write_text(head + "    model = 'dynamic'\n")
    arguments = ("--task", "mlp", "--impl", "mine.py:Mine")
    done = evo("verify", *arguments, *SMALL[:2], "start=uniform", "--quick", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "against dynamic model" in done.stdout
    (tmp_path / "mine.py").write_text(head + "    model = 'dynamik'\n")
    for command in ("verify", "train"):
        line = line_of_error(evo(command, *arguments, cwd=tmp_path), 2)
        assert line.startswith("evo: mine.py:4: attribute model: unknown model 'dynamik'; did you mean")


def test_names() -> None:
    """FILE.py:Class and MODULE:Class are recognised by their form alone."""
    assert all(map(names_class, ["a.py:B", "./a.py:B", "/x/a.py:B", "../a b.py:C", "a.b:C"]))
    assert not any(map(names_class, ["numpy", "a.py", ""]))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder as pip leaves it: a package `kit` that adds a level to mlp and a task, and its metadata."""
    kit = tmp_path / "site" / "kit"
    kit.mkdir(parents=True)
    (kit / "__init__.py").write_text("")
    (kit / "levels.py").write_text(LEVELS)
    shutil.copytree(ROOT / "autograd_cli/tasks/linear", kit / "slope")
    init = kit / "slope" / "__init__.py"
    init.write_text(init.read_text().replace('name="linear"', 'name="slope"'))
    text = (ROOT / "configs/linear.yaml").read_text()
    (kit / "slope" / "slope.yaml").write_text(text.replace("task: linear", "task: slope"))
    metadata = tmp_path / "site" / "kit-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: kit\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        "[autograd_cli]\nmlp.mine = kit.levels:Mine\nmlp.broken = kit.nowhere:Mine\n"
        "mlp.lame = kit.levels:NoBackward\nslope = kit.slope:TASK\n"
    )
    return tmp_path / "site"


def test_entry_points(site: Path, tmp_path: Path) -> None:
    """Installed levels and tasks are listed, trained, verified and predicted with like evo's own."""
    path = f"{ROOT}:{site}"
    listed = evo("list", cwd=tmp_path, PYTHONPATH=path)
    assert (listed.returncode, listed.stderr) == (0, "")
    assert re.search(r"^  mine +cpu cuda +from kit\.levels:Mine$", listed.stdout, re.MULTILINE)
    assert "slope: a line fitted to points" in listed.stdout
    assert train(tmp_path, "mine", "--name", "m", PYTHONPATH=path).returncode == 0
    done = evo("train", "--task", "slope", "--impl", "nn", "--name", "s", "-q", cwd=tmp_path, PYTHONPATH=path)
    assert (done.returncode, done.stderr) == (0, "")
    predicted = evo("predict", "runs/s", 4, 11, cwd=tmp_path, PYTHONPATH=path)
    assert [round(float(y)) for y in predicted.stdout.split()] == [9, 23]
    for task, impl in (("mlp", "mine"), ("slope", "numpy,optim")):
        verified = evo("verify", "--task", task, "--impl", impl, "--quick", cwd=tmp_path, PYTHONPATH=path)
        assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout
    assert "2 of 2 levels verified" in verified.stdout


def test_broken_entry_points(site: Path, tmp_path: Path) -> None:
    """A package whose level is not there, or is none, is named in one line when that level is asked for."""
    path = f"{ROOT}:{site}"
    line = line_of_error(train(tmp_path, "broken", PYTHONPATH=path), 2)
    assert line.startswith("evo: entry point mlp.broken = kit.nowhere:Mine: cannot be loaded: ModuleNotFound")
    line = line_of_error(train(tmp_path, "lame", PYTHONPATH=path), 2)
    assert "levels.py" in line
    assert "class NoBackward lacks backward" in line
    (site / "kit" / "slope" / "__init__.py").write_text("raise ValueError('task')\n")
    line = line_of_error(evo("list", cwd=tmp_path, PYTHONPATH=path), 2)
    assert "entry point slope = kit.slope:TASK: cannot be loaded: ValueError: task" in line
