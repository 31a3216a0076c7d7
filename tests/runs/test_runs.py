"""The run directory: what is written reads back, survives what happens to it, and belongs to one run."""

import csv
import json
import math
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import orjson
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from autograd_cli.errors import ConfigError, RunError
from autograd_cli.runs.losses import (
    HEADER,
    SKETCH_POINTS,
    Sketch,
    Summarizer,
    format_rows,
    read_losses,
    summarize,
)
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import RunRecord, read_record, write_record
from autograd_cli.runs.writer import RunWriter
from autograd_cli.training import loop
from tests.helpers import command, config_of, environment, evo, level_of, record_run

ENDLESS = ("train", "--task", "sin", "--impl", "numpy", "steps=1000000000", "--name", "endless")
finite = st.floats(allow_nan=False, allow_infinity=False)


# --- losses.csv --------------------------------------------------------------------------------------


@given(st.lists(st.tuples(finite, finite), max_size=30), st.floats(), st.integers(0, 2**53))
def test_csv_round_trip(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[float, float]], last: float, first_step: int
) -> None:
    """Every loss reads back as the same float64, subnormal or negative zero, infinite or NaN at the end."""
    losses = [loss for loss, _ in rows] + [last]
    elapsed_s = [elapsed for _, elapsed in rows] + [1.5]
    path = tmp_path_factory.getbasetemp() / "round_trip.csv"
    path.write_bytes(HEADER + format_rows(first_step, losses, elapsed_s))
    steps, read, times = zip(*read_losses(path), strict=True)
    assert list(steps) == list(range(first_step, first_step + len(losses)))
    assert np.array(read, float).tobytes() == np.array(losses, float).tobytes() or (
        math.isnan(last) and math.isnan(read[-1]) and list(map(repr, read)) == list(map(repr, losses))
    )
    assert list(map(repr, times)) == list(map(repr, elapsed_s))


def test_csv_is_plain(tmp_path: Path) -> None:
    """Header and rows are what Python's own csv module and float() read, one line a step."""
    record_run(tmp_path, "run", [3.5, 1e-300, 5e-324])
    with (tmp_path / "run" / "losses.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["step", "loss", "elapsed_s"]
    assert [(int(row["step"]), float(row["loss"])) for row in rows] == [(0, 3.5), (1, 1e-300), (2, 5e-324)]


@pytest.mark.parametrize("cut", range(1, 12))
def test_torn_last_line(tmp_path: Path, cut: int) -> None:
    """A line that lost its end, wherever it was cut, is left out, and every whole line stays."""
    whole = HEADER + format_rows(0, [10.5, 11.5], [0.1, 0.2])
    last = format_rows(2, [12.5], [0.3])
    path = tmp_path / "losses.csv"
    path.write_bytes(whole + last[: len(last) - cut])
    assert [loss for _, loss, _ in read_losses(path, maybe_torn=True)] == [10.5, 11.5]


@given(st.lists(st.lists(finite, max_size=200), max_size=20))
def test_sketch_is_bounded_and_evenly_spaced(pieces: list[list[float]]) -> None:
    """In whatever pieces a curve arrives, its sketch is short and takes every n-th value from the first."""
    sketch = Sketch()
    for piece in pieces:
        sketch.extend(piece)
    curve = [value for piece in pieces for value in piece]
    assert len(sketch.points) <= 2 * SKETCH_POINTS
    assert len(sketch.points) >= min(len(curve), SKETCH_POINTS)
    stride = 1
    while len(curve[::stride]) > 2 * SKETCH_POINTS:
        stride *= 2
    assert sketch.points == curve[::stride]


@given(st.lists(st.floats(), max_size=60), st.integers(1, 7))
def test_summary_does_not_depend_on_the_pieces(losses: list[float], size: int) -> None:
    """First, best and last loss are those of the whole curve, in whatever pieces it arrives."""
    summarizer = Summarizer()
    for at in range(0, len(losses), size):
        piece = losses[at : at + size]
        summarizer.extend(range(at, at + len(piece)), piece, float(at))
    summary = summarizer.summary
    good = [loss for loss in losses if math.isfinite(loss)]
    assert summary.steps == len(losses)
    assert summary.best_loss == (min(good) if good else None)
    assert summary.best_step == (losses.index(min(good)) if good else None)
    assert summary.last_loss == (losses[-1] if losses and math.isfinite(losses[-1]) else None)
    bad = [step for step, loss in enumerate(losses) if not math.isfinite(loss)]
    assert summary.diverged_step == (bad[0] if bad else None)
    rows: Iterator[tuple[int, float, float | None]] = ((i, loss, None) for i, loss in enumerate(losses))
    assert summarize(rows).curve == summarizer.curve


# --- a run directory ---------------------------------------------------------------------------------


def test_files_of_a_run(tmp_path: Path) -> None:
    """A run leaves four files, each readable by common tools, and nothing beside them."""
    evo("train", "--task", "mlp", "--impl", "nn", "steps=3", "--name", "r", cwd=tmp_path)
    run = tmp_path / "runs" / "r"
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


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    """Of many writers that ask for one name at the same moment, one gets it and the others are told."""
    config = config_of("sin", "numpy")

    def attempt(_: int) -> str:
        try:
            return str(RunWriter(tmp_path, config, "mine", {}).finish("completed").path)
        except ConfigError as error:
            return str(error)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(attempt, range(32)))
    taken = f"name: {tmp_path / 'mine'} exists already, and no run is ever overwritten"
    assert sorted(answers) == sorted([str(tmp_path / "mine")] + [taken] * 31)


def test_directories_are_exclusive(tmp_path: Path) -> None:
    """Processes that make hundreds of runs within one second never share a directory."""
    script = (
        "import sys; from pathlib import Path; from tests.helpers import config_of\n"
        "from autograd_cli.runs.writer import RunWriter\n"
        "config = config_of('sin', 'numpy')\n"
        "for _ in range(60): print(RunWriter(Path('runs'), config, None, {}).finish('completed').path)\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    paths = [line for process in processes for line in process.communicate(timeout=60)[0].split()]
    assert len(paths) == len(set(paths)) == 240
    assert len(list((tmp_path / "runs").iterdir())) == 240


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


# --- a writer that goes on, and one that is gone -----------------------------------------------------


def test_losses_are_handed_over_every_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """No batch spans more than a second of the loop's own clock, and none leaves a step out."""
    clock = iter(range(0, 10**12, 30_000_000))  # 30 ms from one look at the clock to the next
    monkeypatch.setattr(loop, "perf_counter_ns", lambda: next(clock))
    batches = list(loop.train(level_of(config_of("sin", "numpy")), 200))
    steps = [b.first_step + i for b in batches for i in range(len(b.losses))]
    ends = [0.0] + [batch.elapsed_s[-1] for batch in batches]
    assert steps == list(range(200))
    assert max(b - a for a, b in pairwise(ends)) <= 1.0


def wait_for_rows(losses: Path, more_than: int = 0) -> int:
    """Wait until losses.csv holds more whole lines, and return how many."""
    for _ in range(3000):
        lines = losses.read_bytes().count(b"\n") - 1 if losses.exists() else 0
        if lines > more_than:
            return lines
        time.sleep(0.02)
    raise AssertionError(f"{losses} does not grow")


def test_a_killed_writer_reads_as_interrupted(tmp_path: Path) -> None:
    """A run reads as running while its writer lives, keeps growing, and is interrupted once it is killed."""
    process = subprocess.Popen(command(*ENDLESS), cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL)
    run = tmp_path / "runs" / "endless"
    try:
        seen = wait_for_rows(run / "losses.csv")
        alive = read_run(run)
        assert alive.status == "running"
        assert alive.steps >= seen
        seen = wait_for_rows(run / "losses.csv", more_than=alive.steps)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)
    dead = read_run(run)
    assert dead.status == "interrupted"
    assert dead.steps >= seen
    assert dead.best_loss is not None
    shown = json.loads(evo("compare", run, "--format", "json", cwd=tmp_path).stdout)
    assert [(row["status"], row["steps"]) for row in shown] == [("interrupted", dead.steps)]


# --- a full disk -------------------------------------------------------------------------------------


def check_full_disk(result: subprocess.CompletedProcess[str], run: Path, reason: str) -> None:
    """One line, exit code 1, and what was recorded until then still reads."""
    assert result.stderr == f"evo: {run.relative_to(run.parent.parent)}: cannot write the run: {reason}\n"
    assert result.returncode == 1
    assert sum(1 for _ in read_losses(run / "losses.csv", maybe_torn=True)) > 100


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """Where the system refuses more bytes, the run fails in one line and keeps what it had."""
    limit = 40_000

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    result = subprocess.run(
        command("train", "--task", "sin", "--impl", "numpy", "steps=100000", "--name", "r", "--quiet"),
        cwd=tmp_path,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        preexec_fn=limited,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    check_full_disk(result, tmp_path / "runs" / "r", "File too large")
    record = read_run(tmp_path / "runs" / "r")
    assert record.status == "failed"
    assert record.error == "runs/r: cannot write the run: File too large"


def test_a_full_disk(tmp_path: Path) -> None:
    """On a file system without room, the run fails in one line and keeps what it had."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    mounted = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=128k", "tmpfs", disk], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("mounting a small file system is not permitted here")
    try:
        result = evo(
            "train", "--task", "sin", "--impl", "numpy", "steps=100000", "--name", "r", "--quiet", cwd=disk
        )
        check_full_disk(result, disk / "runs" / "r", "No space left on device")
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A runs folder that is a file, or lies beneath one, is refused in one line before training."""
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    for runs_dir, message in (
        ("file", "runs_dir: 'file' is not a directory"),
        ("file/deeper", "runs_dir: cannot write in 'file/deeper': Not a directory"),
    ):
        with pytest.raises(ConfigError) as error:
            RunWriter(Path(runs_dir), config_of("sin", "numpy"), None, {})
        assert str(error.value) == message


def test_a_read_only_folder(tmp_path: Path) -> None:
    """A folder without permission to write is refused in one line."""
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    tmp_path.chmod(0o555)
    with pytest.raises(ConfigError) as error:
        RunWriter(tmp_path, config_of("sin", "numpy"), None, {})
    assert str(error.value) == f"runs_dir: cannot write in '{tmp_path}': Permission denied"


@pytest.mark.parametrize("name", ["a/b", "../x", "/x", "", ".", "..", ".hidden", "a b", "x" * 201, "-x"])
def test_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    """A name that is more than a directory's name is refused, and nothing is made."""
    with pytest.raises(ConfigError) as error:
        RunWriter(tmp_path / "runs", config_of("sin", "numpy"), name, {})
    assert str(error.value) == (
        f"name: '{name}' cannot name a directory; use letters, digits and _ . - + = , @, and no path"
    )
    assert not list(tmp_path.rglob("*/*"))


def test_the_record_is_json_as_written(tmp_path: Path) -> None:
    """Every field that is not the path is in run.json, under its own name."""
    record = record_run(tmp_path, "r", [1.0])
    content = orjson.loads((tmp_path / "r" / "run.json").read_bytes())
    assert content == {n: v for n, v in vars(record).items() if n != "path"}
