"""Levels and tasks from outside: a class in a user's file, and what installed packages announce."""

import json
import re
import shutil
from pathlib import Path

import pytest

from autograd_cli.catalogue.files import names_class
from autograd_cli.verify import cells
from tests.helpers import ROOT, complaint_of, evo, loss_column, refused, train_run
from tests.processes import evo_process, refused_process
from tests.verify.here import here

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


def refused_by_train(folder: Path, impl: str, *arguments: object, code: int = 2) -> str:
    """The one line with which `evo train --task mlp --impl IMPL` ends."""
    cell = ("--task", "mlp", "--impl", impl)
    return refused_process("train", *cell, "-q", *SMALL, *arguments, cwd=folder, code=code)


@pytest.mark.parametrize("spelling", ["my_levels.py", "./my_levels.py", "ABSOLUTE"])
def test_a_class_in_a_file_is_a_level(folder: Path, spelling: str) -> None:
    """It trains, records in a directory named after its class, compares, and repeats from config.yaml."""
    file = str(folder / "my_levels.py") if spelling == "ABSOLUTE" else spelling
    run = train_run(folder, "mlp", f"{file}:Mine", *SMALL)
    assert re.fullmatch(r"\d{8}T\d{6}Z-mlp-Mine-s0-[0-9a-f]{8}", run.name)
    again = evo("train", "--config", run / "config.yaml", "-q", "--name", "again", cwd=folder)
    assert (again.returncode, again.stderr) == (0, f"evo: note: runs the code of {file}:Mine\n")
    own = train_run(folder, "mlp", "numpy", *SMALL, dtype="float32", threads=1)
    assert loss_column(run) == loss_column(folder / "runs" / "again") == loss_column(own)
    rows = json.loads(evo("compare", run, own, "--format", "json", cwd=folder).stdout)
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
    line = refused_by_train(tmp_path, "my_levels.py:Mine")
    assert re.fullmatch(message, line), line
    assert refused("verify", "--task", "mlp", "--impl", "my_levels.py:Mine", cwd=tmp_path) == line
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
        ("RaisesAtOnce", f"my_levels.py:{line_of('w3')}: KeyError: 'w3': task mlp starts from w1, w2, "),
    ],
)
def test_a_class_that_is_no_level(folder: Path, name: str, message: str) -> None:
    """What is missing is said before training, and no run directory is left behind."""
    assert refused_by_train(folder, f"my_levels.py:{name}").startswith(message)
    assert not (folder / "runs").exists()


# Class, the line that it ends in, steps that it takes before.
FAILING = [
    ("PythonFloat", f"my_levels.py:{line_of('line 12') - 1}: forward() returned float ", 0),
    ("Nothing", f"my_levels.py:{line_of('class Nothing') + 1}: forward() returned NoneType None", 0),
    ("Vector", f"my_levels.py:{line_of('class Vector') + 1}: forward() returned ndarray of shape (3,)", 0),
    ("Raises", f"my_levels.py:{line_of('boom')}: RuntimeError: boom", 4),
    ("RaisesAtTheEnd", f"my_levels.py:{line_of('gone')}: ValueError: gone (in parameters)", 10),
]


@pytest.mark.parametrize(("name", "message", "steps"), FAILING)
def test_a_level_that_fails_in_training(folder: Path, name: str, message: str, steps: int) -> None:
    """A verb that raises, or returns no loss, is one line and a run recorded as failed with what it had."""
    cell = ("--task", "mlp", "--impl", f"my_levels.py:{name}")
    line = refused("train", *cell, *SMALL, "--name", "x", "--quiet", cwd=folder, code=1)
    assert line.startswith(message)
    record = json.loads((folder / "runs/x/run.json").read_text())
    assert (record["status"], record["error"]) == ("failed", line)
    # The loss of the step that fails may be lost with its batch, those of batches before are not.
    assert record["steps"] in (0, steps)


def test_levels_that_fail_in_verify(folder: Path) -> None:
    """Where training says what fails, verify says the same of each level, and goes on to the next."""
    impls = ",".join(f"my_levels.py:{name}" for name, *_ in FAILING)
    done = evo("verify", "--task", "mlp", "--impl", impls, "--quick", *SMALL[:2], cwd=folder)
    assert (done.returncode, done.stderr) == (1, "")
    assert all(message.removesuffix(" (in parameters)") in done.stdout for _, message, _ in FAILING)


def test_predict_never_imports_the_file(folder: Path) -> None:
    """A run of a user's level predicts though its file is gone, and a foreign config.yaml runs no code."""
    run = train_run(folder, "mlp", "my_levels.py:Mine", *SMALL)

    def predicted() -> str:  # where nothing has been imported yet
        done = evo_process("predict", run, 1, 2, 3, 4, 5, cwd=folder)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    before = predicted()
    (folder / "my_levels.py").write_text("open('touched', 'w')\n")
    assert predicted() == before
    (folder / "my_levels.py").unlink()
    assert predicted() == before
    assert not (folder / "touched").exists()


def test_a_level_may_name_its_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port of `dynamic` says so, and is held against the reference of that model on all of its paths."""
    monkeypatch.setattr(cells, "fresh_processes", here)
    port = "from autograd_cli.tasks.mlp.dynamic import Mlp\n\n\nclass Mine(Mlp):\n    model = '{}'\n"
    (tmp_path / "right.py").write_text(port.format("dynamic"))
    right = ("--task", "mlp", "--impl", "right.py:Mine", *SMALL[:2], "H=6", "D_out=3", "start=uniform")
    done = evo("verify", *right, "--quick", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "momentum=0.9" in done.stdout
    (tmp_path / "wrong.py").write_text(port.format("dynamik"))
    for command in ("verify", "train"):
        line = refused_process(command, "--task", "mlp", "--impl", "wrong.py:Mine", cwd=tmp_path)
        assert line.startswith("wrong.py:4: attribute model: unknown model 'dynamik'; did you mean")


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

    def answer(*arguments: object) -> str:
        done = evo_process(*arguments, cwd=tmp_path, PYTHONPATH=f"{ROOT}:{site}")
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        return done.stdout

    listed = answer("list")
    assert re.search(r"^  mine +cpu cuda +from kit\.levels:Mine$", listed, re.MULTILINE)
    assert "slope: a line fitted to points" in listed
    answer("train", "--task", "mlp", "--impl", "mine", *SMALL, "-q")
    answer("train", "--task", "slope", "--impl", "numpy", "--name", "s", "-q")
    assert [round(float(y)) for y in answer("predict", "runs/s", 4, 11, "--format", "plain").split()] == [
        9,
        23,
    ]
    for task, impl in (("mlp", "mine"), ("slope", "numpy")):
        verified = answer("verify", "--task", task, "--impl", impl, "--quick")
        assert "1 of 1 levels verified" in verified


def test_broken_entry_points(site: Path, tmp_path: Path) -> None:
    """A package whose level is not there, or is none, is named in one line when that level is asked for."""

    def complaint(*arguments: object) -> str:
        return complaint_of(evo_process(*arguments, cwd=tmp_path, PYTHONPATH=f"{ROOT}:{site}"), 2)

    line = complaint("train", "--task", "mlp", "--impl", "broken")
    assert line.startswith("entry point mlp.broken = kit.nowhere:Mine: cannot be loaded: ModuleNotFound")
    line = complaint("train", "--task", "mlp", "--impl", "lame")
    assert "levels.py" in line
    assert "class NoBackward lacks backward" in line
    (site / "kit" / "slope" / "__init__.py").write_text("raise ValueError('task')\n")
    line = complaint("list")
    assert "entry point slope = kit.slope:TASK: cannot be loaded: ValueError: task" in line
