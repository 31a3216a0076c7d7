"""What is on the disk when run.json says how a run ended, and readers that find less."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_cli as evo
from autograd_cli.compare.comparison import compare
from autograd_cli.compare.groups import group
from autograd_cli.contract.batch import Batch
from autograd_cli.runs import endings
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import RunRecord
from autograd_cli.runs.writer import RunWriter
from tests.faulty import told
from tests.helpers import config_of, record_run


def finished(folder: Path, **keys: Any) -> RunRecord:
    """A completed run with weights."""
    writer = RunWriter(folder, config_of("sin", "numpy", **keys), None, {})
    writer.append(Batch(0, [2.0, 1.0], [0.1, 0.2]))
    return writer.finish("completed", {name: np.float64(0.5) for name in "abcd"})


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_said_before_it_lasts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When run.json begins to say `completed`, all files are synced as they then stay, and their folders."""
    synced: dict[str, bytes] = {}
    at_the_word: list[dict[str, bytes]] = []
    fsync, pwrite = os.fsync, os.pwrite

    def note_sync(descriptor: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        synced[str(path)] = path.read_bytes() if path.is_file() else b""
        fsync(descriptor)

    def note_word(descriptor: int, content: bytes, offset: int) -> int:
        at_the_word.append(dict(synced))
        return pwrite(descriptor, content, offset)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "pwrite", note_word)
    record = finished(tmp_path / "runs")
    after = contents(tmp_path)
    (before,) = at_the_word
    assert set(before) == {*after, record.path, str(tmp_path / "runs"), str(tmp_path)}
    said = str(Path(record.path) / "run.json")
    assert {path: before[path] for path in after if path != said} == {
        path: content for path, content in after.items() if path != said
    }
    assert json.loads(before[said]) == json.loads(after[said]) | {"status": "running"}
    assert synced[said] == after[said]


def test_one_sync_serves_many_runs_of_a_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No run of a sweep says how it ended before a sync that came after its last byte; few syncs do."""
    seen: list[dict[str, bytes]] = []

    def note(folder: Path) -> None:
        seen.append(contents(folder))

    monkeypatch.setattr(endings, "sync_file_system", note)
    for engine, impl in (("serial", "numpy"), ("batched", "batched"), ("processes", "numpy")):
        seen.clear()
        folder = tmp_path / engine
        runs = evo.sweep(
            "sin", impl, seed=range(30), steps=3, N=10, runs_dir=folder, engine=engine, workers=2
        )
        after = contents(folder)
        assert {run.status for run in runs} == {"completed"}
        assert len(seen) < 25
        for path in (path for path in after if path.endswith("run.json")):
            rest = Path(path).with_name("losses.csv"), Path(path).with_name("weights.npz")
            last = next(s for s in seen if path in s and json.loads(s[path])["finished_at"])
            assert json.loads(last[path])["status"] == "running"
            assert all(last[str(other)] == after[str(other)] for other in rest)
            assert json.loads(after[path])["status"] == "completed"


@pytest.mark.parametrize("file", ["losses.csv", "config.yaml", "weights.npz"])
@pytest.mark.parametrize("how", ["short", "long", "empty", "gone"])
def test_a_run_with_less_than_its_record_says_is_damaged(tmp_path: Path, file: str, how: str) -> None:
    """Whichever file lacks something, the run is shown as damaged, and says what is wrong."""
    path = Path(finished(tmp_path).path) / file
    content = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes({"short": content[:-1], "long": content + b"\n", "empty": b""}[how])
    record = read_run(path.parent)
    assert record.status == "damaged"
    assert str(record.reason).startswith(file)


def test_an_empty_record_is_damage(tmp_path: Path) -> None:
    """What a power cut makes of a new run.json, no bytes or zeros, does not hide the run."""
    path = Path(finished(tmp_path).path)
    for content in (b"", b"\0" * 900):
        (path / "run.json").write_bytes(content)
        assert (read_run(path).status, read_run(path).reason) == ("damaged", "run.json is empty")


def test_groups_leave_a_damaged_run_out(tmp_path: Path) -> None:
    """Mean and deviation know nothing of it, and it is counted among those that are left out."""
    runs = [finished(tmp_path, seed=seed).path for seed in range(3)]
    (Path(runs[1]) / "losses.csv").write_bytes(b"")
    grouping = group(compare([read_run(Path(path)) for path in runs]), None, "seed")
    assert ([g.runs for g in grouping.groups], grouping.left_out) == ([2], 1)
    rows = evo.compare(runs).rows
    assert sorted(row["status"] for row in rows) == ["completed", "completed", "damaged"]


def test_a_sweep_runs_a_damaged_run_again(tmp_path: Path) -> None:
    """It does not count as there."""
    sweep: dict[str, Any] = {"seed": range(3), "steps": 3, "N": 10, "runs_dir": tmp_path, "engine": "serial"}
    first = evo.sweep("sin", "numpy", **sweep)
    damaged = first[1].path
    assert damaged
    (damaged / "weights.npz").write_bytes(b"")
    second = evo.sweep("sin", "numpy", **sweep)
    assert [run.path == old.path for run, old in zip(second, first, strict=True)] == [True, False, True]
    assert {run.status for run in second} == {"completed"}


def test_runs_of_before_stay_readable(tmp_path: Path) -> None:
    """A record without sizes, as earlier versions wrote it, is believed."""
    record = record_run(tmp_path, "old", [3.0, 2.0])
    content = json.loads((tmp_path / "old" / "run.json").read_bytes())
    del content["files"]
    (tmp_path / "old" / "run.json").write_text(json.dumps(content, indent=2))
    read = read_run(tmp_path / "old")
    assert (read.status, read.last_loss) == ("completed", record.last_loss)


def test_sizes_lead_nowhere(tmp_path: Path) -> None:
    """A record that speaks of files outside of the run is none."""
    record_run(tmp_path, "r", [3.0])
    content = json.loads((tmp_path / "r" / "run.json").read_bytes())
    (tmp_path / "r" / "run.json").write_text(json.dumps(content | {"files": {"../x": 1}}))
    code, line = told("compare", tmp_path / "r")
    assert code == 1
    assert "not the record of a run: files is" in line
