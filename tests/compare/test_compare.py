"""`evo compare`: what is shown, in which order, and what it makes of foreign and broken paths."""

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from autograd_cli.compare.comparison import compare
from autograd_cli.runs.record import RunRecord
from tests.helpers import CELLS, evo, record_run, refused

Rows = list[dict[str, Any]]


@pytest.fixture
def three(tmp_path: Path) -> list[RunRecord]:
    """Three recorded runs: two learning rates, two levels, last losses 3, 1 and 2."""
    return [
        record_run(tmp_path, "a", [9.0, 3.0], lr=1e-6),
        record_run(tmp_path, "b", [8.0, 1.0, 1.0], lr=2e-6),
        record_run(tmp_path, "c", [7.0, 0.5, 2.0], impl="nn", lr=1e-6),
    ]


def shown(*arguments: object, cwd: Path) -> Rows:
    """The rows of `evo compare --format json`."""
    result = evo("compare", *arguments, "--format", "json", cwd=cwd)
    assert (result.returncode, result.stderr) == (0, "")
    rows: Rows = json.loads(result.stdout)
    return rows


def names(records: list[RunRecord]) -> str:
    """The last letters of the runs' paths."""
    return "".join(record.path[-1] for record in records)


# --- the library -------------------------------------------------------------------------------------


def test_only_differing_keys_are_shown(three: list[RunRecord]) -> None:
    """Of the configuration, the keys that differ have a column, and those of equal value have none."""
    assert compare(three).keys == ["impl", "lr", "dtype", "start"]
    assert compare(three[:2]).keys == ["lr"]
    assert compare(three[:1]).keys == []


def test_keys_of_another_task_do_not_differ(tmp_path: Path) -> None:
    """A key that only one task has does not differ between runs of two tasks."""
    runs = [record_run(tmp_path, "a", [1.0]), record_run(tmp_path, "b", [1.0], task="mlp")]
    assert compare(runs).keys == ["task", "threads", "N"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("last_loss", "bca"),
        ("-last_loss", "acb"),
        ("best_loss", "cba"),
        ("steps_done", "abc"),
        ("-steps_done", "bca"),
        ("lr", "acb"),
        ("-lr", "bac"),
        ("impl", "cab"),
        ("-run", "cba"),
        ("name", "abc"),
    ],
)
def test_sort(three: list[RunRecord], sort: str, order: str) -> None:
    """--sort orders by a field or a configuration key, smallest first, or largest first after a minus."""
    assert names(compare(three, sort).records) == order


def test_runs_without_the_value_come_last(three: list[RunRecord], tmp_path: Path) -> None:
    """A run that has no value for the sorting key comes last, whichever the direction."""
    empty = record_run(tmp_path, "z", [])
    for sort, order in (("last_loss", "bcaz"), ("-last_loss", "acbz")):
        assert names(compare([empty, *three], sort).records) == order


@pytest.mark.parametrize(
    ("where", "order"),
    [
        (["impl=numpy"], "ab"),
        (["lr=1e-6"], "ac"),
        (["lr=0.000001", "impl=nn"], "c"),
        (["status=completed"], "abc"),
        (["name=b"], "b"),
        (["steps=2000"], "abc"),
        (["a=null"], "abc"),
        (["lr>1e-6"], "b"),
    ],
)
def test_where(three: list[RunRecord], where: list[str], order: str) -> None:
    """--where keeps the runs that match every condition; numbers match by value."""
    assert names(compare(three, where=where).records) == order


@pytest.mark.parametrize("baseline", ["b", "path"])
def test_baseline(three: list[RunRecord], baseline: str) -> None:
    """--baseline shows each run's losses and time per step as ratios to one run, given by path or name."""
    comparison = compare(three, baseline=three[1].path if baseline == "path" else "b")
    rows = [comparison.row(record) for record in comparison.records]
    assert [row["last_loss_ratio"] for row in rows] == [3.0, 1.0, 2.0]
    assert [row["best_loss_ratio"] for row in rows] == [3.0, 1.0, 0.5]
    assert [row["step_s_ratio"] for row in rows] == pytest.approx([1.0, 1.0, 1.0])


def test_baseline_outside_of_the_rows(three: list[RunRecord]) -> None:
    """The baseline may be a run that is not shown, or that --where leaves out."""
    comparison = compare(three[:1], baseline=three[1].path)
    assert comparison.row(comparison.records[0])["last_loss_ratio"] == 3.0
    comparison = compare(three, baseline="b", where=["impl=nn"])
    assert comparison.row(comparison.records[0])["last_loss_ratio"] == 2.0


# --- the command -------------------------------------------------------------------------------------


def test_runs_and_files_side_by_side(three: list[RunRecord], tmp_path: Path) -> None:
    """Runs and foreign files share a table; a broken path is a warning on stderr and nothing more."""
    (tmp_path / "other.csv").write_bytes(b"step,loss\n0,6.5\n1,0.25")
    result = evo("compare", "a", "missing", "other.csv", "b", "--sort", "last_loss", cwd=tmp_path)
    assert len(three) == 3
    assert result.stderr == "evo: warning: missing: no such run or file\n"
    assert result.returncode == 0
    header, *rows = result.stdout.splitlines()
    assert re.split(r"\s{2,}", header)[:4] == ["run", "status", "lr", "last loss"]
    assert [row.split()[:2] for row in rows] == [["other.csv", "csv"], ["b", "completed"], ["a", "completed"]]


def test_nothing_to_compare(tmp_path: Path) -> None:
    """Where no path is a run, the command fails."""
    result = evo("compare", "x", "y", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.splitlines() == [
        "evo: warning: x: no such run or file",
        "evo: warning: y: no such run or file",
        "evo: nothing to compare: none of the paths is a run or a CSV file of losses",
    ]


def test_formats_parse_back(three: list[RunRecord], tmp_path: Path) -> None:
    """JSON, CSV and Markdown say the same, and the parsers of each get the exact numbers back."""
    arguments = ("a", "b", "c", "--baseline", "a", "--sort", "name")
    objects = shown(*arguments, cwd=tmp_path)
    text = evo("compare", *arguments, "--format", "csv", cwd=tmp_path).stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    markdown = evo("compare", *arguments, "--format", "markdown", cwd=tmp_path).stdout.splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown]
    assert [row["run"] for row in objects] == [row["run"] for row in rows] == ["a", "b", "c"]
    assert (
        [float(row["last_loss"]) for row in rows] == [row["last_loss"] for row in objects] == [3.0, 1.0, 2.0]
    )
    assert (
        [float(row["lr"]) for row in rows]
        == [row["lr"] for row in objects]
        == [r.config["lr"] for r in three]
    )
    assert list(objects[0]) == [*rows[0], "curve"]
    assert objects[2]["curve"] == [7.0, 0.5, 2.0]
    assert all(set(rule) <= set("-:") for rule in cells[1])
    assert [row[0] for row in cells[2:]] == ["a", "b", "c"]
    assert len({len(row) for row in cells}) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--sort", "last_los"],
            "--sort: unknown key 'last_los'; did you mean 'last_loss'? (allowed: run, status, last_loss, "
            "best_loss, steps_done, step_s, name, sweep, note, first_loss, best_step, elapsed_s, started_at, "
            "finished_at, model, reason, code, task, impl, seed, steps, lr, dtype, device, threads, "
            "print_every, N, start, a, b, c, d, e, optimizer, momentum)",
        ),
        (
            ["--where", "impl"],
            "--where: 'impl': expected =, !=, <, <=, > or >= at character 5, as in 'lr>5e-7 seed=0..3'",
        ),
        (
            ["--where", "=1"],
            "--where: '=1': expected KEY=VALUE, a key at character 1, as in 'lr>5e-7 seed=0..3'",
        ),
        (["--baseline", "zz"], "--baseline: zz: no such run or file"),
        (["--baseline", "same"], "--baseline: 'same' names 2 runs; give its path"),
        (
            ["--format", "jsn"],
            "--format: unknown format 'jsn'; did you mean 'json'? (allowed: table, json, csv, markdown)",
        ),
    ],
)
def test_complaints(tmp_path: Path, options: list[str], message: str) -> None:
    """A wrong key, condition, baseline or format is one line with what is allowed."""
    runs = [record_run(tmp_path / folder, "same", [1.0]).path for folder in ("x", "y")]
    assert refused("compare", *runs, *options, cwd=tmp_path) == message


def test_all_cells_side_by_side(tmp_path: Path) -> None:
    """Runs of all cells stand side by side, one row each, with the keys in which they differ."""
    for task, impl in CELLS:
        record_run(tmp_path / "runs", f"{task}-{impl}", [2.0, 1.0], task=task, impl=impl)
    paths = sorted((tmp_path / "runs").iterdir())
    rows = shown(*paths, cwd=tmp_path)
    assert [(row["task"], row["impl"]) for row in rows] == sorted(CELLS)
    assert len({tuple(row) for row in rows}) == 1
    header = evo("compare", *paths, cwd=tmp_path).stdout.splitlines()[0].split()
    assert {"lr", "dtype", "start", "optimizer", "momentum"} <= set(header)
    assert not {"device", "seed", "print_every"} & set(header)


def test_a_diverged_run_is_shown(tmp_path: Path) -> None:
    """A run whose last loss is not finite keeps its best loss, its status and its place in every format."""
    evo("train", "--task", "sin", "--impl", "numpy", "lr=1", "--name", "r", cwd=tmp_path)
    (row,) = shown("runs/r", cwd=tmp_path)
    assert (row["status"], row["last_loss"]) == ("diverged", None)
    assert row["best_loss"] > 0
    for style in ("table", "csv", "markdown"):
        assert "diverged" in evo("compare", "runs/r", "--format", style, cwd=tmp_path).stdout
