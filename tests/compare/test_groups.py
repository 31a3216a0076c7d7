"""`evo compare --group-by --over`: one row a group of runs."""

import csv
import io
import json
import statistics
from itertools import product
from pathlib import Path

import pytest

from autograd_cli.compare.comparison import compare, load_runs
from autograd_cli.compare.groups import group as group_runs
from autograd_cli.display.groups import group_table, grouping_columns
from tests.helpers import evo, record_run, refused


@pytest.fixture
def ends(tmp_path: Path) -> dict[tuple[float, str], list[float]]:
    """Sixteen runs: the last losses of four seeds, by learning rate and level."""
    found: dict[tuple[float, str], list[float]] = {}
    cells = product((1e-4, 1e-5), ("numpy", "nn"), range(4))
    for i, (lr, impl, seed) in enumerate(cells):
        loss = 0.1 * (i * 7 % 16) + 0.5  # in no order
        record_run(tmp_path, f"r{i}", [9.0, loss], impl=impl, lr=lr, seed=seed)
        found.setdefault((lr, impl), []).append(loss)
    return found


def test_groups_are_in_step_with_the_standard_library(
    tmp_path: Path, ends: dict[tuple[float, str], list[float]]
) -> None:
    """Count, mean, standard deviation and best of each group, best mean first; levels are never mixed."""
    runs = [f"r{i}" for i in range(16)]
    out = {
        style: evo(
            "compare", *runs, "--group-by", "lr", "--over", "seed", "--format", style, cwd=tmp_path
        ).stdout
        for style in ("json", "csv", "table", "markdown")
    }
    groups = json.loads(out["json"])
    assert {(group["lr"], group["impl"]) for group in groups} == set(ends)
    assert [group["mean"] for group in groups] == sorted(group["mean"] for group in groups)
    for group in groups:
        values = ends[group["lr"], group["impl"]]
        assert (group["runs"], group["best"]) == (4, min(values))
        assert group["mean"] == pytest.approx(statistics.mean(values))
        assert group["std"] == pytest.approx(statistics.stdev(values))
    rows = list(csv.DictReader(io.StringIO(out["csv"])))
    assert [float(row["mean"]) for row in rows] == [group["mean"] for group in groups]
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
    runs = [record_run(tmp_path, f"r{i}", [1.0], seed=i, lr=10.0**-i).path for i in range(2)]
    assert refused("compare", *runs, *options, cwd=tmp_path).startswith(message)


def test_how_often_rows_are_printed_keeps_no_runs_apart(tmp_path: Path) -> None:
    """Runs that differ in seed and in `print_every` alone are one group over seeds."""
    runs = [record_run(tmp_path, f"r{i}", [1.0], seed=i, print_every=i + 1).path for i in range(3)]
    (group,) = json.loads(evo("compare", *runs, "--over", "seed", "--format", "json", cwd=tmp_path).stdout)
    assert group["runs"] == 3


def test_steps_mean_those_that_were_asked_for(tmp_path: Path) -> None:
    """A run that diverged early is one of as many steps as were asked for, in `--where` and in groups."""
    record_run(tmp_path, "whole", [2.0, 1.0, 0.5], steps=3)
    evo("train", "--task", "sin", "--impl", "numpy", "lr=1", "steps=3000", "--name", "early", cwd=tmp_path)
    compare = ("compare", "whole", "runs/early", "--format", "json")
    found = json.loads(evo(*compare, "--where", "steps=3000", cwd=tmp_path).stdout)
    assert [row["run"] for row in found] == ["runs/early"]
    groups = json.loads(evo(*compare, "--group-by", "steps", cwd=tmp_path).stdout)
    assert sorted((row["steps"], row["diverged"]) for row in groups) == [(3, 0), (3000, 1)]


def test_groups_of_each_task_have_an_axis(tmp_path: Path) -> None:
    """A task's curves go from top to bottom beside larger losses, and what the task says makes room first."""
    for task, size in (("sin", 1.0), ("mlp", 1e6)):
        for seed in range(2):
            for lr in (1e-7, 1e-6):
                record_run(tmp_path, f"{task}{seed}{lr}", [9 * size, size], task=task, seed=seed, lr=lr)
    records, _ = load_runs(sorted(tmp_path.iterdir()))
    groups = group_runs(compare(records), "lr", "seed")
    columns = {column.title: column.texts for column in grouping_columns(groups, fitted=True)}
    curves = columns["curve"]
    assert len(curves) == 4
    assert all("▁" in curve for curve in curves)
    narrow = group_table(groups, 85)
    header = narrow.splitlines()[2].split()
    assert {"lr", "task", "median", "curve"} <= set(header)
    assert not {"steps", "threads", "N"} <= set(header)
    assert "curves on a log axis for each task" in narrow
