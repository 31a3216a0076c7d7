"""Sweeps by the real command line: what they leave, and that the engine decides no digit."""

import csv
import io
import json
import subprocess
from pathlib import Path

import pytest

from tests.sweeping import EVO, completed, losses, records, sweep

# Without torch, which would take most of the time.
SMALL = ("--task", "sin", "--impl", "numpy", "N=20", "steps=30", "lr=1e-6,1e-7", "seed=0..2")


def test_every_run_is_an_ordinary_run(tmp_path: Path) -> None:
    """The same files as `evo train` writes, plus the sweep's name and place; compare shows them."""
    sweep(
        tmp_path,
        "--task",
        "sin",
        "--impl",
        "numpy,autograd",
        "N=20",
        "steps=30",
        "seed=0..2",
        "--name",
        "small",
    )
    found = records(tmp_path)
    assert sorted(record.sweep_index or 0 for record in found) == list(range(6))
    assert {record.sweep for record in found} == {"small"}
    for record in found:
        files = {path.name for path in Path(record.path).iterdir()}
        assert files == {"losses.csv", "config.yaml", "run.json", "weights.npz"}
        assert (record.status, record.steps) == ("completed", 30)
    repeated = subprocess.run(
        [*EVO, "train", "--config", found[0].path, "--runs-dir", str(tmp_path / "again"), "--quiet"],
        capture_output=True,
        text=True,
        check=True,
    )
    (again,) = losses(tmp_path / "again").values()
    assert again == losses(tmp_path)[found[0].config_digest]
    assert repeated.stdout.strip()
    shown = subprocess.run(
        [*EVO, "compare", *(r.path for r in found)], capture_output=True, text=True, check=True
    )
    assert len(shown.stdout.splitlines()) == 7


@pytest.mark.parametrize("task", ["mlp", "sin"])
def test_serial_and_processes_agree_to_the_last_bit(tmp_path: Path, task: str) -> None:
    """Losses do not depend on the engine, with one thread and with two."""
    size = ("N=16", "D_in=30", "H=20") if task == "mlp" else ("N=100",)
    what = ("--task", task, "--impl", "numpy,autograd,optim,dynamic", *size, "steps=20", "threads=1,2")
    for engine in ("serial", "processes"):
        sweep(tmp_path / engine, *what, "--engine", engine)
    assert losses(tmp_path / "serial") == losses(tmp_path / "processes")
    assert len(losses(tmp_path / "serial")) == 8


@pytest.mark.parametrize(("task", "steps"), [("mlp", 100), ("sin", 500), ("linear", 500)])
def test_batched_runs_are_the_runs_of_autograd(tmp_path: Path, task: str, steps: int) -> None:
    """Different seeds and learning rates in one program: losses within 1e-9 in float64, weights as well."""
    what = ("--task", task, f"steps={steps}", "seed=0..2", "lr=1e-7,1e-6", "dtype=float64")
    for impl in ("batched", "autograd"):
        sweep(tmp_path / impl, *what, "--impl", impl)
    curves = {
        impl: {
            (r.config["seed"], r.config["lr"]): losses(tmp_path / impl)[r.config_digest]
            for r in records(tmp_path / impl)
        }
        for impl in ("batched", "autograd")
    }
    assert len(curves["batched"]) == 6
    for key, expected in curves["autograd"].items():
        got = [float(loss) for loss in curves["batched"][key]]
        assert got == pytest.approx([float(loss) for loss in expected], rel=1e-9, abs=0)
    assert all(record.environment["batch"] >= 1 for record in records(tmp_path / "batched"))


def test_batched_is_also_a_level_of_its_own(tmp_path: Path) -> None:
    """`evo train --impl batched` trains a batch of one, with autograd's losses."""
    for impl in ("batched", "autograd"):
        arguments = ["--task", "mlp", "--impl", impl, "--dtype", "float64", "--steps", "20", "--quiet"]
        subprocess.run(
            [*EVO, "train", *arguments, "--runs-dir", str(tmp_path / impl)], check=True, capture_output=True
        )
    (batched,), (autograd,) = (losses(tmp_path / impl).values() for impl in ("batched", "autograd"))
    assert [float(x) for x in batched] == pytest.approx([float(x) for x in autograd], rel=1e-9, abs=0)


def test_a_run_that_diverges_is_a_result_and_leaves_its_neighbours_alone(tmp_path: Path) -> None:
    """In one batch or not: its step is named, its losses end there, the others are completed; exit 0."""
    what = ("--task", "sin", "lr=1e-6,1,1e-7", "steps=300")
    for impl in ("batched", "autograd"):
        said = sweep(tmp_path / impl, *what, "--impl", impl)
        found = {record.config["lr"]: record for record in records(tmp_path / impl)}
        assert {lr: record.status for lr, record in found.items()} == {
            1e-6: "completed",
            1e-7: "completed",
            1.0: "diverged",
        }
        assert f"the loss is not finite at step {found[1.0].diverged_step}" in said
        assert found[1.0].steps == (found[1.0].diverged_step or 0) + 1
    steps = [found.diverged_step for impl in ("batched", "autograd") for found in records(tmp_path / impl)]
    assert len({step for step in steps if step is not None}) == 1


def test_the_same_command_runs_what_is_missing(tmp_path: Path) -> None:
    """Nothing twice; a larger grid adds its own runs only; --force runs everything again."""
    sweep(tmp_path, *SMALL[:-1], "seed=0,1")
    assert "4 there already" in sweep(tmp_path, *SMALL)
    assert list(completed(tmp_path).values()) == [1] * 6
    assert "0 new" in sweep(tmp_path, *SMALL, "--engine", "serial")
    assert list(completed(tmp_path).values()) == [1] * 6
    sweep(tmp_path, *SMALL, "--force")
    assert list(completed(tmp_path).values()) == [2] * 6


def test_a_run_of_evo_train_counts_as_well(tmp_path: Path) -> None:
    """A run is known by its configuration, whoever made it."""
    arguments = ["--task", "sin", "--impl", "numpy", "N=20", "steps=30", "seed=1", "lr=1e-7", "--quiet"]
    subprocess.run([*EVO, "train", *arguments, "--runs-dir", str(tmp_path)], check=True, capture_output=True)
    assert "5 new" in sweep(tmp_path, *SMALL)


def test_failures_are_told_and_tried_again_on_demand(tmp_path: Path) -> None:
    """Arrays that no machine holds: exit 1 with the reason, the other runs completed."""
    what = ("--task", "sin", "--impl", "numpy", "N=20,1000000000000000", "steps=3")
    said = sweep(tmp_path, *what, code=1)
    assert "cannot make the arrays of N=1000000000000000" in said
    assert sorted(record.status for record in records(tmp_path)) == ["completed", "failed"]
    sweep(tmp_path, *what, code=1)
    assert len(records(tmp_path)) == 2
    sweep(tmp_path, *what, "--retry-failed", code=1)
    assert sorted(record.status for record in records(tmp_path)) == ["completed", "failed", "failed"]


def test_fail_fast_stops_at_the_first_failure(tmp_path: Path) -> None:
    """What comes after it is not run."""
    what = ("--task", "sin", "--impl", "numpy", "N=1000000000000000,20,30,40", "steps=3")
    said = sweep(tmp_path, *what, "--fail-fast", "--engine", "serial", code=1)
    assert [record.status for record in records(tmp_path)] == ["failed"]
    assert ["not", "run", "3"] in [line.split() for line in said.splitlines()]


def test_quiet_prints_directories_and_json_one_object(tmp_path: Path) -> None:
    """`evo sweep -q` feeds `evo compare`; --json tells of every run."""
    paths = sweep(tmp_path, *SMALL, "-q").split()
    assert sorted(paths) == sorted(record.path for record in records(tmp_path))
    content = json.loads(sweep(tmp_path, *SMALL, "--json"))
    assert [run["index"] for run in content["runs"]] == list(range(6))
    assert {run["status"] for run in content["runs"]} == {"completed"}
    assert sorted(run["path"] for run in content["runs"]) == sorted(paths)


def test_a_pipe_gets_one_line_a_finished_run(tmp_path: Path) -> None:
    """Without control codes; then the table of how the runs ended."""
    lines = sweep(tmp_path, *SMALL).splitlines()
    assert [line.split("]")[0] for line in lines[:6]] == [f"[{i}/6" for i in range(1, 7)]
    assert "\x1b" not in "".join(lines)
    assert "completed     6" in lines


def test_groups_are_in_step_with_the_standard_library(tmp_path: Path) -> None:
    """Count, mean, standard deviation and best of each group, best mean first; levels are never mixed."""
    import statistics

    sweep(tmp_path, "--task", "sin", "--impl", "numpy,nn", "N=20", "steps=30", "seed=0..3", "lr=1e-4,1e-5")
    found = records(tmp_path)
    command = [*EVO, "compare", *(r.path for r in found), "--group-by", "lr", "--over", "seed", "--format"]
    out = {
        form: subprocess.run([*command, form], capture_output=True, text=True, check=True).stdout
        for form in ("json", "csv", "table", "markdown")
    }
    groups = json.loads(out["json"])
    assert len(groups) == 4
    assert [g["mean"] for g in groups] == sorted(g["mean"] for g in groups)
    for g in groups:
        ends = [r.last_loss for r in found if (r.config["lr"], r.config["impl"]) == (g["lr"], g["impl"])]
        values = [x for x in ends if x is not None]
        assert (g["runs"], g["best"]) == (4, min(values))
        assert g["mean"] == pytest.approx(statistics.mean(values))
        assert g["std"] == pytest.approx(statistics.stdev(values))
    assert [float(row["mean"]) for row in csv.DictReader(io.StringIO(out["csv"]))] == [
        g["mean"] for g in groups
    ]
    assert out["table"].count("±") == out["markdown"].count("±") == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--over", "sed"], "--over: unknown key 'sed'; did you mean 'seed'?"),
        (["--group-by", "lr", "--over", "lr"], "--over: 'lr' is in group_by, too"),
        (["--over", "seed", "--sort", "men"], "--sort: unknown key 'men'; did you mean 'mean'?"),
        (["--over", "seed", "--baseline", "x"], "--baseline: groups have no ratios"),
    ],
)
def test_groups_that_make_no_sense_are_refused(tmp_path: Path, options: list[str], message: str) -> None:
    """One line, exit 2."""
    sweep(tmp_path, *SMALL[:-1])
    paths = [record.path for record in records(tmp_path)]
    done = subprocess.run([*EVO, "compare", *paths, *options], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith(f"evo: {message}")
