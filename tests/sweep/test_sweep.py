"""Sweeps: what they leave, what they skip, and that the engine decides no digit."""

import json
from pathlib import Path

import pytest

from tests.helpers import completed, evo, loss_column, loss_columns, records, sweep, train_run
from tests.processes import evo_process

SERIAL = ("--engine", "serial")
SIN = ("--task", "sin", "--impl", "numpy")
SMALL = (*SIN, "N=20", "steps=30", "lr=1e-6,1e-7", "seed=0..2")


def test_every_run_is_an_ordinary_run(tmp_path: Path) -> None:
    """The same files as `evo train` writes, plus the sweep's name and place; compare shows them."""
    what = ("--task", "sin", "--impl", "numpy,autograd", "N=20", "steps=30", "seed=0..2")
    sweep(tmp_path, *what, *SERIAL, "--name", "small")
    found = records(tmp_path)
    assert sorted(record.sweep_index or 0 for record in found) == list(range(6))
    assert {record.sweep for record in found} == {"small"}
    for record in found:
        files = {path.name for path in Path(record.path).iterdir()}
        assert files == {"losses.csv", "config.yaml", "run.json", "weights.npz"}
        assert (record.status, record.steps) == ("completed", 30)
    again = evo("train", "--config", found[0].path, "--name", "again", "--quiet", cwd=tmp_path)
    assert (again.returncode, again.stdout) == (0, "runs/again\n")
    assert loss_column(tmp_path / "runs" / "again") == loss_column(Path(found[0].path))
    shown = evo("compare", *(record.path for record in found), cwd=tmp_path)
    assert len(shown.stdout.splitlines()) == 7


def test_serial_and_processes_agree_to_the_last_bit(tmp_path: Path) -> None:
    """Losses do not depend on the engine, with one thread and with two, from arrays or from tensors."""
    size = ("N=16", "D_in=30", "H=20", "steps=10")
    what = ("--task", "mlp", "--impl", "numpy,autograd", *size, "threads=1,2")
    sweep(tmp_path / "serial", *what, *SERIAL)
    done = evo_process(
        "sweep", *what, "--engine", "processes", "--runs-dir", tmp_path / "processes", cwd=tmp_path
    )
    assert done.returncode == 0, done
    assert loss_columns(tmp_path / "serial") == loss_columns(tmp_path / "processes")
    assert len(loss_columns(tmp_path / "serial")) == 4


@pytest.mark.parametrize(("task", "steps"), [("mlp", 60), ("sin", 300), ("linear", 300)])
def test_batched_runs_are_the_runs_of_autograd(tmp_path: Path, task: str, steps: int) -> None:
    """Different seeds and learning rates in one program: losses within 1e-9 in float64."""
    what = ("--task", task, f"steps={steps}", "seed=0..2", "lr=1e-7,1e-6", "dtype=float64")
    curves = {}
    for impl, engine in (("batched", "batched"), ("autograd", "serial")):
        sweep(tmp_path / impl, *what, "--impl", impl, "--engine", engine)
        curves[impl] = {
            (record.config["seed"], record.config["lr"]): [float(x) for x in loss_column(Path(record.path))]
            for record in records(tmp_path / impl)
        }
    assert len(curves["batched"]) == 6
    for key, expected in curves["autograd"].items():
        assert curves["batched"][key] == pytest.approx(expected, rel=1e-9, abs=0)
    assert all(record.environment["batch"] >= 1 for record in records(tmp_path / "batched"))


def test_a_run_that_diverges_is_a_result_and_leaves_its_neighbours_alone(tmp_path: Path) -> None:
    """In one batch or not: its step is named, its losses end there, the others are completed; exit 0."""
    what = ("--task", "sin", "lr=1e-6,1,1e-7", "steps=300")
    steps = set()
    for impl, engine in (("batched", "batched"), ("autograd", "serial")):
        said = sweep(tmp_path / impl, *what, "--impl", impl, "--engine", engine)
        found = {record.config["lr"]: record for record in records(tmp_path / impl)}
        ends = {lr: record.status for lr, record in found.items()}
        assert ends == {1e-6: "completed", 1e-7: "completed", 1.0: "diverged"}
        assert f"the loss is not finite at step {found[1.0].diverged_step}" in said
        assert found[1.0].steps == (found[1.0].diverged_step or 0) + 1
        steps.add(found[1.0].diverged_step)
    assert len(steps) == 1


def test_the_same_command_runs_what_is_missing(tmp_path: Path) -> None:
    """Nothing twice; a larger grid adds its own runs only; --force runs everything again."""
    sweep(tmp_path, *SMALL[:-1], "seed=0,1", *SERIAL)
    assert "4 there already" in sweep(tmp_path, *SMALL, *SERIAL)
    assert list(completed(tmp_path).values()) == [1] * 6
    assert "0 new" in sweep(tmp_path, *SMALL)
    assert list(completed(tmp_path).values()) == [1] * 6
    sweep(tmp_path, *SMALL, *SERIAL, "--force")
    assert list(completed(tmp_path).values()) == [2] * 6


def test_a_run_of_evo_train_counts_as_well(tmp_path: Path) -> None:
    """A run is known by its configuration, whoever made it."""
    train_run(tmp_path, "sin", "numpy", "N=20", "steps=30", "seed=1", "lr=1e-7")
    assert "5 new" in sweep(tmp_path, *SMALL, *SERIAL)


def test_failures_are_told_and_tried_again_on_demand(tmp_path: Path) -> None:
    """Arrays that no machine holds: exit 1 with the reason, the other runs completed."""
    what = (*SIN, "N=20,1000000000000000", "steps=3", *SERIAL)
    said = sweep(tmp_path, *what, code=1)
    assert "cannot make the arrays of N=1000000000000000" in said
    assert sorted(record.status for record in records(tmp_path)) == ["completed", "failed"]
    sweep(tmp_path, *what, code=1)
    assert len(records(tmp_path)) == 2
    sweep(tmp_path, *what, "--retry-failed", code=1)
    assert sorted(record.status for record in records(tmp_path)) == ["completed", "failed", "failed"]


def test_fail_fast_stops_at_the_first_failure(tmp_path: Path) -> None:
    """What comes after it is not run."""
    what = (*SIN, "N=1000000000000000,20,30,40", "steps=3")
    said = sweep(tmp_path, *what, "--fail-fast", *SERIAL, code=1)
    assert [record.status for record in records(tmp_path)] == ["failed"]
    assert ["not", "run", "3"] in [line.split() for line in said.splitlines()]


def test_quiet_prints_directories_and_json_one_object(tmp_path: Path) -> None:
    """`evo sweep -q` feeds `evo compare`; --json tells of every run."""
    paths = sweep(tmp_path, *SMALL, *SERIAL, "-q").split()
    assert sorted(paths) == sorted(record.path for record in records(tmp_path))
    content = json.loads(sweep(tmp_path, *SMALL, "--json"))
    assert [run["index"] for run in content["runs"]] == list(range(6))
    assert {run["status"] for run in content["runs"]} == {"completed"}
    assert sorted(run["path"] for run in content["runs"]) == sorted(paths)


def test_a_pipe_gets_one_line_a_finished_run(tmp_path: Path) -> None:
    """Without control codes; then the table of how the runs ended."""
    done = evo_process("sweep", *SMALL, "--workers", "2", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert [line.split("]")[0] for line in lines[:6]] == [f"[{i}/6" for i in range(1, 7)]
    assert "\x1b" not in done.stdout
    assert "completed     6" in lines
