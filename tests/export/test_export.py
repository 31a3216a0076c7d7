"""`evo export`: what the other tools' own readers give back."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest

from autograd_cli.export.records import checksums
from tests.helpers import evo, record_run, refused
from tests.processes import command, environment

# Numbers that no other has room for, small and large ones, and the losses that end a run.
LOSSES = {"a": [9.0, 0.1 + 0.2, 1 / 3, 5e-324], "b": [1e300, 2.0**-1074 * 3, 1.5]}


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """The folder that holds `runs`."""
    for seed, (name, losses) in enumerate(LOSSES.items()):
        record_run(tmp_path / "runs", name, losses, seed=seed)
    return tmp_path


def exported(tool: str, cwd: Path, *words: str) -> str:
    """`evo export` in a process of its own, as other tools' imports warn; what it told."""
    line = command("export", *words, "--to", tool, "--output", "out")
    done = subprocess.run(line, cwd=cwd, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "out\n"
    return done.stderr


def read_back(program: str, cwd: Path) -> dict[str, list[float]]:
    """What a program that knows nothing of evo reads: losses by run."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program], cwd=cwd, capture_output=True, text=True, check=True
    )
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    return found


TENSORBOARD = """
import json, os
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray
found = {}
for name in sorted(os.listdir("out")):
    if name[0] == ".": continue
    events = EventAccumulator(f"out/{name}", size_guidance={"tensors": 0}).Reload()
    rows = events.Tensors("loss")
    assert [row.step for row in rows] == list(range(len(rows)))
    found[name] = [make_ndarray(row.tensor_proto).item() for row in rows]
    assert events.SummaryMetadata("loss").plugin_data.plugin_name == "scalars"
    assert "hparams" in str(events.PluginTagToContent("hparams").keys())
print(json.dumps(found))
"""
MLFLOW = """
import json
from mlflow.tracking import MlflowClient
client = MlflowClient(tracking_uri="sqlite:///out/mlflow.db")
experiment = client.get_experiment_by_name("evo")
found = {}
for run in client.search_runs([experiment.experiment_id]):
    rows = sorted(client.get_metric_history(run.info.run_id, "loss"), key=lambda row: row.step)
    assert [row.step for row in rows] == list(range(len(rows)))
    assert run.info.run_name not in found
    found[run.info.run_name] = [row.value for row in rows]
    assert run.data.params["lr"] == "1e-06"
    assert run.info.status == "FINISHED"
    assert run.data.metrics["loss"] == rows[-1].value
    with open(run.info.artifact_uri + "/losses.csv") as file:
        assert len(file.readlines()) == len(rows) + 1
print(json.dumps(found))
"""
PARQUET = """
import json
import pyarrow.parquet as parquet
runs = parquet.read_table("out/runs.parquet").to_pylist()
found = {row["name"]: [] for row in runs}
for row in parquet.read_table("out/losses.parquet").to_pylist():
    found[row["run"].rpartition("/")[2]].append(row["loss"])
assert len(runs) == len(found)
assert runs[0]["lr"] == 1e-06 and runs[0]["schema_version"] == 1
print(json.dumps(found))
"""
PROGRAMS = {
    "tensorboard": ("tensorboard", TENSORBOARD),
    "mlflow": ("mlflow", MLFLOW),
    "parquet": ("pyarrow", PARQUET),
}


@pytest.mark.parametrize("tool", PROGRAMS)
def test_the_tool_reads_every_loss_exactly_and_once(runs: Path, tool: str) -> None:
    """Its own reader gives back every float; a second export adds what is new and doubles nothing."""
    package, program = PROGRAMS[tool]
    pytest.importorskip(package)
    if tool == "mlflow":  # which takes seconds to import: all three in one process
        both = 'import autograd_cli as evo\nfor runs, new in (("runs/a", 1), ("runs", 1)):\n'
        program = f"{both}    assert evo.export(runs, to='mlflow', output='out') == new\n{program}"
    else:
        assert exported(tool, runs, "runs/a") == "evo: 1 runs, 1 of them new or changed\n"
        assert exported(tool, runs).endswith("evo: 2 runs, 1 of them new or changed\n")
    found = read_back(program, runs)
    assert {name: [loss.hex() for loss in losses] for name, losses in found.items()} == {
        name: [loss.hex() for loss in losses] for name, losses in LOSSES.items()
    }


def test_tensorboard_keeps_what_is_no_number(tmp_path: Path) -> None:
    """A run that diverged ends with its infinite loss, and again gives the same bytes."""
    pytest.importorskip("tensorboard")
    record_run(tmp_path / "runs", "d", [1.0, math.inf])
    exported("tensorboard", tmp_path)
    (path,) = (tmp_path / "out" / "d").iterdir()
    before = path.read_bytes()
    assert exported("tensorboard", tmp_path) == "evo: 1 runs, 0 of them new or changed\n"
    assert path.read_bytes() == before
    assert read_back(TENSORBOARD, tmp_path) == {"d": [1.0, math.inf]}


@pytest.mark.parametrize("count", [1, 20])
def test_checksums_are_those_of_tensorboard(count: int) -> None:
    """Of few contents and of many, which are worked out in two ways."""
    oracle = pytest.importorskip("tensorboard.compat.tensorflow_stub.pywrap_tensorflow").masked_crc32c
    contents = [bytes((i * j + i) % 256 for j in range(70)) for i in range(count)]
    assert checksums(contents) == [int(oracle(content)).to_bytes(4, "little") for content in contents]


def test_a_folder_of_something_else_is_refused(runs: Path) -> None:
    """One line, exit 2, and nothing written: files of another origin, an export to another tool, no tool."""
    pytest.importorskip("pyarrow")
    (runs / "full").mkdir()
    (runs / "full" / "thesis.txt").write_text("")
    told = refused("export", "--to", "parquet", "--output", "full", cwd=runs)
    assert told == "--output: 'full' holds files that no export has written; name a new folder"
    assert [path.name for path in (runs / "full").iterdir()] == ["thesis.txt"]
    (runs / "other").mkdir()
    (runs / "other" / ".evo-export").write_text("mlflow\n")
    assert "is an export to mlflow" in refused("export", "--to", "parquet", "--output", "other", cwd=runs)
    told = refused("export", "--to", "tensorbord", "--output", "x", cwd=runs)
    assert told.startswith("--to: unknown to 'tensorbord'; did you mean 'tensorboard'?")
    assert evo("export", "seed=9", "--to", "parquet", "--output", "x", cwd=runs).returncode == 2
    assert not (runs / "x").exists()
