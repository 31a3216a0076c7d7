"""The columns that programs read: the same for any runs, as documented, and read by other tools."""

import io
import json
import re
from pathlib import Path

import pytest

from autograd_cli.compare.schema import SCHEMA_VERSION, run_columns
from tests.helpers import ROOT, evo, record_run

LOSSES = [9.0, 0.1 + 0.2, 1 / 3]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Two runs of different tasks, with a note that CSV has to quote."""
    record_run(tmp_path / "runs", "a", LOSSES)
    record_run(tmp_path / "runs", "b", [2.0, 1.0], task="mlp", lr=1e-6)
    (tmp_path / "runs" / "b" / "note.txt").write_text('said "so", and more\n')
    return tmp_path


def test_the_columns_are_those_of_the_document(runs: Path) -> None:
    """docs/SCHEMA.md lists every column in order, with its type and the version, and no other."""
    text = (ROOT / "docs" / "SCHEMA.md").read_text()
    words = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    rows = re.findall(r"^\| (`.*?) \| (.*?) \|", text, re.MULTILINE)
    documented = {name: kind for cell, kind in rows for name in re.findall(r"`(\w+)`", cell)}
    assert documented == {name: words[kind] for name, kind in run_columns().items()}
    assert f"This is version {SCHEMA_VERSION}" in text
    for some in (["a"], ["a", "b"], ["--where", "lr=5"]):
        out = evo("compare", *some, "--format", "csv", cwd=runs).stdout.splitlines()[0]
        assert sorted(out.split(",")) == sorted(documented)


def test_json_has_every_key_in_every_row(runs: Path) -> None:
    """Whatever the runs lack is null, and losses are exact."""
    rows = json.loads(evo("compare", "--format", "json", cwd=runs).stdout)
    assert all(list(row) == [*run_columns(), "curve"] for row in rows)
    assert [row["last_loss"] for row in rows] == [LOSSES[-1], 1.0]
    assert rows[1]["D_in"] == 1000
    assert rows[0]["D_in"] is None


@pytest.mark.parametrize("tool", ["pandas", "polars", "duckdb"])
def test_tools_read_csv_without_options(runs: Path, tool: str) -> None:
    """Each that is installed reads the same exact losses, names and steps."""
    module = pytest.importorskip(tool)
    text = evo("compare", "--format", "csv", cwd=runs).stdout
    (runs / "t.csv").write_text(text)
    if tool == "duckdb":
        table = module.read_csv(str(runs / "t.csv"))
        found = table.project("run, last_loss, steps_done, note").fetchall()
    else:
        frame = module.read_csv(io.StringIO(text))[["run", "last_loss", "steps_done", "note"]]
        found = [tuple(row) for row in (frame.rows() if tool == "polars" else frame.itertuples(index=False))]
    assert [row[:3] for row in found] == [("runs/a", 1 / 3, 3), ("runs/b", 1.0, 2)]
    assert found[1][3] == 'said "so", and more'
