"""`evo train`: what it prints, how it ends, what it refuses."""

import json
import re
from pathlib import Path

import pytest

from autograd_cli.runs.reader import read_run
from tests.helpers import TASKS, complaint_of, evo, loss_column, refused
from tests.processes import evo_process, refused_process

SIN = ("train", "--task", "sin", "--impl", "numpy")


def test_the_last_step_has_a_row(tmp_path: Path) -> None:
    """A run whose length is no multiple of the interval prints its first and last step, each once."""
    for steps, every, expected in ((7, 3, [0, 2, 5, 6]), (2, 1, [0, 1]), (1, 5, [0]), (4, 4, [0, 3])):
        done = evo(*SIN, f"steps={steps}", f"print_every={every}", cwd=tmp_path)
        rows = done.stdout.splitlines()[1 : len(expected) + 1]
        assert [int(row.split()[0]) for row in rows] == expected
        assert done.stdout.splitlines()[len(expected) + 1].startswith("y = ")


def test_quiet_prints_the_directory_alone(tmp_path: Path) -> None:
    """--quiet prints one line, which leads to the run."""
    result = evo(*SIN, "steps=3", "--quiet", "--runs-dir", "my runs", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (0, "")
    assert re.fullmatch(r"my runs/\d{8}T\d{6}Z-sin-numpy-s0-[0-9a-f]{8}\n", result.stdout)
    assert read_run(tmp_path / result.stdout.strip()).steps == 3


def test_json_prints_one_object(tmp_path: Path) -> None:
    """--json prints the record of the run with its path, and nothing else."""
    result = evo(*SIN, "steps=3", "--json", "--name", "r", "--seed", "4", cwd=tmp_path)
    record = json.loads(result.stdout)
    stored = json.loads((tmp_path / "runs" / "r" / "run.json").read_text())
    assert record == {"path": "runs/r"} | stored
    assert (record["status"], record["steps"], record["config"]["seed"]) == ("completed", 3, 4)
    assert result.stderr == ""


def test_no_steps_is_a_run(tmp_path: Path) -> None:
    """With steps=0 nothing is trained, the start is what is saved, and no placeholder is printed."""
    result = evo(*SIN, "--steps", "0", "--name", "r", cwd=tmp_path)
    assert result.returncode == 0
    assert "None" not in result.stdout
    assert read_run(tmp_path / "runs" / "r").status == "completed"


@pytest.mark.parametrize(
    ("task", "impl", "keys"),
    [
        ("mlp", "numpy", ["steps=60", "seed=3", "lr=5e-7"]),
        ("mlp", "nn", ["steps=60", "--dtype", "float64"]),
        ("sin", "dynamic", ["steps=500", "b=0.25"]),
    ],
)
def test_a_run_repeats_from_its_configuration(tmp_path: Path, task: str, impl: str, keys: list[str]) -> None:
    """A run made again from its config.yaml, or from its directory, has the same loss column."""
    cell = ("train", "--task", task, "--impl", impl)
    assert evo(*cell, *keys, "--threads", "1", "--name", "a", "--quiet", cwd=tmp_path).returncode == 0
    runs = tmp_path / "runs"
    again = "runs/a/config.yaml" if impl != "nn" else "runs/a"
    assert evo("train", "--config", again, "--name", "b", "--quiet", cwd=tmp_path).returncode == 0
    assert loss_column(runs / "a") == loss_column(runs / "b")
    assert (runs / "a" / "config.yaml").read_bytes() == (runs / "b" / "config.yaml").read_bytes()


@pytest.mark.parametrize(("task", "impl"), [("mlp", "numpy"), ("sin", "nn")])
def test_divergence(tmp_path: Path, task: str, impl: str) -> None:
    """A learning rate that explodes ends as diverged with exit code 3, names its step and keeps its CSV."""
    result = evo("train", "--task", task, "--impl", impl, "lr=1", "--name", "r", cwd=tmp_path)
    assert (result.returncode, result.stderr) == (3, "")
    record = read_run(tmp_path / "runs" / "r")
    losses = loss_column(tmp_path / "runs" / "r")
    assert record.status == "diverged"
    assert record.diverged_step == record.steps - 1 == len(losses) - 1
    assert losses[-1] in ("inf", "nan")
    assert f"diverged at step {record.diverged_step}: the loss is not finite" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--task", "son", "--impl", "nn"],
            f"--task: unknown task 'son'; did you mean 'sin'? (allowed: {', '.join(TASKS)})",
        ),
        (
            [*SIN[1:], "--steps", "-1"],
            "--steps: steps is '-1'; it must be a whole number, 0 or more and below 9007199254740992",
        ),
        ([*SIN[1:], "--lr", "1", "lr=2"], "argument 'lr=2': lr is given twice, also by --lr"),
        ([*SIN[1:], "--dtype", "half"], "--dtype: dtype is 'half'; it must be one of float32, float64"),
        (
            [*SIN[1:], "--device", "cuda"],
            "--device: implementation 'numpy' cannot run on 'cuda' (allowed: cpu)",
        ),
    ],
)
def test_an_option_is_named_in_its_complaint(tmp_path: Path, arguments: list[str], message: str) -> None:
    """What came by an option is refused under the option's name, and leaves no run directory behind."""
    assert refused("train", *arguments, cwd=tmp_path) == message
    assert not list(tmp_path.iterdir())


def test_an_existing_name(tmp_path: Path) -> None:
    """A name that is taken is refused, and the run that has it stays as it is."""
    evo(*SIN, "steps=3", "--name", "r", cwd=tmp_path)
    before = {p.name: p.read_bytes() for p in (tmp_path / "runs" / "r").iterdir()}
    line = refused(*SIN, "steps=4", "--name", "r", cwd=tmp_path)
    assert line == "--name: runs/r exists already, and no run is ever overwritten"
    assert {p.name: p.read_bytes() for p in (tmp_path / "runs" / "r").iterdir()} == before


def test_no_gpu(tmp_path: Path) -> None:
    """--device cuda on a machine without a GPU is one line and exit code 2."""
    cell = ("--task", "sin", "--impl", "nn", "--device", "cuda")
    line = complaint_of(evo_process("train", *cell, cwd=tmp_path, CUDA_VISIBLE_DEVICES=""), 2)
    assert re.fullmatch(r"--device: torch \S+ finds no GPU for 'cuda' \(allowed here: cpu\)", line)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "cell",
    [("--task", "mlp", "--impl", "numpy", "H=99999999999"), (*SIN[1:], "N=99999999999999")],
    ids=lambda cell: cell[1],
)
def test_arrays_beyond_memory(tmp_path: Path, cell: tuple[str, ...]) -> None:
    """Sizes that no machine can hold are refused in one line before there is a run."""
    line = refused_process("train", *cell, cwd=tmp_path)
    assert line.startswith("cannot make the arrays of N=")
    assert not list(tmp_path.iterdir())


def test_an_unknown_option(tmp_path: Path) -> None:
    """An option that does not exist is a usage error, and its name is said."""
    result = evo("train", "--stepz", "3", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert "--stepz" in result.stderr
