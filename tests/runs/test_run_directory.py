"""The run directory: what it holds, and that it belongs to one run."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
import orjson
import pytest
import yaml

from autograd_cli.errors import ConfigError, RunError
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import RunRecord, read_record, write_record
from tests.helpers import record_run, refused, train_run
from tests.processes import run_python

SIN = ("--task", "sin", "--impl", "numpy")


def test_files_of_a_run(tmp_path: Path) -> None:
    """A run leaves four files, each readable by common tools, and nothing beside them."""
    run = train_run(tmp_path, "mlp", "nn", "--name", "r", steps=3)
    assert {p.name for p in run.iterdir()} == {"losses.csv", "config.yaml", "run.json", "weights.npz"}
    record = json.loads((run / "run.json").read_text())
    config = yaml.safe_load((run / "config.yaml").read_text())
    assert (record["status"], record["steps"], record["name"]) == ("completed", 3, "r")
    assert {"seed": config["seed"], "steps": config["steps"]} == {"seed": 0, "steps": 3}
    assert {"python", "numpy", "torch", "evo"} <= set(record["environment"]["versions"])
    assert {"threads", "device", "git_commit", "git_dirty", "platform"} <= set(record["environment"])
    with np.load(run / "weights.npz", allow_pickle=False) as weights:
        shapes = {name: weights[name].shape for name in weights.files}
        assert all(weights[name].dtype == np.float32 for name in weights.files)
    assert shapes == {"w1": (1000, 100), "b1": (100,), "w2": (100, 10), "b2": (10,)}


def test_the_record_tells_what_the_csv_says(tmp_path: Path) -> None:
    """run.json's summary is that of losses.csv, and it reads back as it was written."""
    losses = [5.0, 3.0, 2.0, 2.5]
    written = record_run(tmp_path, "r", losses)
    record = read_run(tmp_path / "r")
    assert record == written
    assert (record.first_loss, record.best_loss, record.best_step, record.last_loss) == (5.0, 2.0, 2, 2.5)
    assert record.curve == losses
    assert record.step_s == pytest.approx(0.01)


def test_the_record_is_json_as_written(tmp_path: Path) -> None:
    """Every field but the path and the note is in run.json, under its own name."""
    record = record_run(tmp_path, "r", [1.0])
    content = orjson.loads((tmp_path / "r" / "run.json").read_bytes())
    assert content == {n: v for n, v in asdict(record).items() if n not in ("path", "note")}


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    """Of many writers that ask for one name at the same moment, one gets it and the others are told."""

    def attempt(_: int) -> str:
        try:
            return record_run(tmp_path, "mine", []).path
        except ConfigError as error:
            return str(error)

    with ThreadPoolExecutor(16) as pool:
        answers = sorted(pool.map(attempt, range(32)), key=len)
    assert answers[0] == str(tmp_path / "mine")
    assert all(
        answer.endswith("mine exists already, and no run is ever overwritten") for answer in answers[1:]
    )


def test_directories_are_exclusive(tmp_path: Path) -> None:
    """Processes that make hundreds of runs within one second never share a directory."""
    code = (
        "from pathlib import Path; from tests.helpers import record_run\n"
        "for _ in range(60): print(record_run(Path('runs'), None, []).path)\n"
    )
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: run_python(code, cwd=tmp_path), range(4)))
    paths = [path for process in done for path in process.stdout.split()]
    assert len(paths) == len(set(paths)) == len(list((tmp_path / "runs").iterdir())) == 240


def test_a_record_is_never_half_written(tmp_path: Path) -> None:
    """A reader that looks all the time while run.json is replaced always sees a whole one."""
    record = RunRecord(status="running", curve=[0.1] * 20000)
    write_record(tmp_path, record)
    done = threading.Event()

    def write() -> None:
        for _ in range(100):
            write_record(tmp_path, record)
        done.set()

    thread = threading.Thread(target=write)
    thread.start()
    while not done.is_set():
        assert len(read_record(tmp_path).curve) == 20000
    thread.join()
    assert [p.name for p in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "not valid JSON: unexpected end of data in line 1"),
        (b"[]", "not the record of a run: it has no status"),
        (b'{"steps": 3}', "not the record of a run: it has no status"),
    ],
)
def test_a_broken_record(tmp_path: Path, content: bytes, message: str) -> None:
    """A run.json that is none of ours is one line with its path."""
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(RunError) as error:
        read_run(tmp_path)
    assert str(error.value) == f"{tmp_path / 'run.json'}: {message}"


def test_not_a_run(tmp_path: Path) -> None:
    """A folder without run.json, and nothing at all, are one line each."""
    for path, message in (
        (tmp_path, f"{tmp_path}: not a run directory: it has no run.json"),
        (tmp_path / "no", f"{tmp_path / 'no'}: no such run or file"),
    ):
        with pytest.raises(RunError) as error:
            read_run(path)
        assert str(error.value) == message


@pytest.mark.parametrize(
    ("runs_dir", "message"),
    [
        ("file", "--runs-dir: 'file' is not a directory"),
        ("file/deeper", "--runs-dir: cannot write in 'file/deeper': Not a directory"),
    ],
)
def test_a_folder_that_cannot_be_written(tmp_path: Path, runs_dir: str, message: str) -> None:
    """A runs folder that is a file, or lies beneath one, is refused in one line before training."""
    (tmp_path / "file").write_text("")
    assert refused("train", *SIN, "--runs-dir", runs_dir, cwd=tmp_path) == message


@pytest.mark.parametrize("name", ["a/b", "../x", "/x", ".", "..", ".hidden", "a b", "x" * 201, "-x"])
def test_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    """A name that is more than a directory's name is refused, and nothing is made."""
    assert refused("train", *SIN, f"--name={name}", cwd=tmp_path) == (
        f"--name: '{name}' cannot name a directory; use letters, digits and _ . - + = , @, and no path"
    )
    assert not list(tmp_path.iterdir())
