"""Runs of a user's own level: believed only where their code is the code that is there now."""

import json
import shutil
from pathlib import Path

import pytest

import autograd_cli
from tests.processes import evo_process as evo  # a process imports a file once

LEVEL = """
import numpy as np
from autograd_cli.tasks.linear.numpy import Linear


class Mine(Linear):
    RATE = 1.0

    def update(self):
        self.w -= self.RATE * self.lr * self.grad_w
        self.b -= self.RATE * self.lr * self.grad_b
"""
CHANGED = LEVEL.replace("1.0", "0.5")
SWEEP = ("sweep", "--task", "linear", "--engine", "serial", "steps=20")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder with a level of their own."""
    (tmp_path / "my.py").write_text(LEVEL)
    return tmp_path


def sweep(folder: Path, *arguments: str, impl: str = "my.py:Mine") -> tuple[list[str], str]:
    """The runs of a sweep, new ones alone, and what it said on stderr."""
    done = evo(*SWEEP, "--impl", impl, *arguments, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    return [run["path"] for run in json.loads(done.stdout)["runs"] if run["is_new"]], done.stderr


def groups(folder: Path) -> list[dict[str, object]]:
    """The groups of all runs, over their seeds."""
    done = evo("compare", *sorted(folder.glob("runs/2*")), "--over", "seed", "--format", "json", cwd=folder)
    rows: list[dict[str, object]] = json.loads(done.stdout)
    return rows


def test_changed_code_is_run_again_and_never_mixed(folder: Path) -> None:
    """After an edit a sweep says so and makes old runs anew, and the group holds runs of one code."""
    assert len(sweep(folder, "seed=0..2")[0]) == 3
    (folder / "my.py").write_text(CHANGED)
    new, message = sweep(folder, "seed=0..4")
    assert len(new) == 5
    assert "evo: note: 3 runs are of other code, and run again" in message
    (group,) = groups(folder)
    assert group["runs"] == 5
    fresh = [json.loads((folder / path / "run.json").read_text())["last_loss"] for path in new]
    assert group["mean"] == pytest.approx(sum(fresh) / 5, rel=1e-12)
    assert sweep(folder, "seed=0..4") == ([], "")


def test_stale_runs_may_be_kept_and_are_then_told_apart(folder: Path) -> None:
    """With --stale keep only what is missing runs, and groups stand apart by code."""
    sweep(folder, "seed=0..2")
    (folder / "my.py").write_text(CHANGED)
    new, message = sweep(folder, "seed=0..4", "--stale", "keep")
    assert (len(new), message) == (2, "")
    assert sorted((row["runs"], len(str(row["code"]))) for row in groups(folder)) == [(2, 8), (3, 8)]
    done = evo("compare", *folder.glob("runs/2*"), "--format", "json", cwd=folder)
    assert len({row["code"] for row in json.loads(done.stdout)}) == 2


def test_the_spelling_of_a_path_makes_no_other_run_but_another_file_does(folder: Path) -> None:
    """`./my.py` and the absolute path are the same level; a file of that name elsewhere is not."""
    sweep(folder, "seed=0")
    assert sweep(folder, "seed=0", impl="./my.py:Mine")[0] == []
    assert sweep(folder, "seed=0", impl=f"{folder}/my.py:Mine")[0] == []
    (folder / "other").mkdir()
    (folder / "other" / "my.py").write_text(CHANGED)
    assert len(sweep(folder, "seed=0", impl="other/my.py:Mine")[0]) == 1
    assert sweep(folder, "seed=0")[0] == []


def test_force_replaces_in_groups(tmp_path: Path) -> None:
    """What --force ran again counts once: five seeds stay five runs."""
    for force in ((), ("--force",)):
        sweep(tmp_path, "seed=0..4", *force, impl="numpy")
    assert len(list(tmp_path.glob("runs/2*"))) == 10
    (group,) = groups(tmp_path)
    assert group["runs"] == 5


def test_a_run_directory_alone_repeats_elsewhere(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A run keeps its level's source; where the file is gone, it is asked for --trust, and then repeats."""
    (run,), _ = sweep(folder, "seed=3")
    assert (folder / run / "level.py").read_text() == LEVEL
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(folder / run, elsewhere / "theirs")
    refused = evo("train", "--config", "theirs", "-q", cwd=elsewhere)
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert line.startswith("evo: --trust: theirs/config.yaml:2 asks for 'my.py:Mine'")
    assert not (elsewhere / "runs").exists()
    done = evo("train", "--config", "theirs", "--trust", "-q", "--name", "again", cwd=elsewhere)
    assert (done.returncode, done.stderr) == (0, "evo: note: runs the code of theirs/level.py:Mine\n")
    old, new = (autograd_cli.load(elsewhere / name)[0] for name in ("theirs", "runs/again"))
    assert old.losses == new.losses
    assert old.record.config_digest == new.record.config_digest


def test_a_configuration_cannot_name_code_inside_a_run(folder: Path) -> None:
    """A path into a run directory is no file of the user's own, however the configuration spells it."""
    (run,), _ = sweep(folder, "seed=0")
    trap = folder / "trap.yaml"
    trap.write_text(f"task: linear\nimpl: {run}/level.py:Mine\n")
    done = evo("train", "--config", "trap.yaml", "-q", cwd=folder)
    assert done.returncode == 2
    assert done.stderr.startswith("evo: --trust: trap.yaml:2 asks for")
    assert evo("predict", run, "1", cwd=folder).returncode == 0, "predicting runs no code of a run"
