"""Runs of other tools, and files that are no run of any."""

from pathlib import Path

import pytest

from autograd_cli.compare.comparison import load_runs
from autograd_cli.runs.reader import read_run
from tests.helpers import evo, record_run

FOREIGN = {
    "newline.csv": b"step,loss\n0,4.0\n1,2.0\n2,3.0",
    "crlf.csv": b"step,loss\r\n0,4.0\r\n1,2.0\r\n2,3.0\r\n",
    "bom.csv": b"\xef\xbb\xbfstep,loss\n0,4.0\n1,2.0\n2,3.0\n",
    "columns.csv": b'epoch,Loss,"a, b",Step\n0,4.0,x,0\n0,2.0,"y, z",1\n1,3.0,,2\n',
    "floats.csv": b"step,loss\n0.0,4\n1.0,2e0\n2.0,3.\n",
    "blank.csv": b"step,loss\n0,4.0\n\n1,2.0\n2,3.0\n\n",
    "quoted.csv": b'"step","loss"\n"0","4.0"\n"1","2.0"\n"2","3.0"\n',
    "spaces.csv": b"step, loss\n0, 4.0\n1, 2.0\n2, 3.0\n",
}


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_csv_counts(tmp_path: Path, name: str) -> None:
    """Any CSV with step and loss columns counts, however its tool ends lines, quotes or orders columns."""
    path = tmp_path / name
    path.write_bytes(FOREIGN[name])
    record = read_run(path)
    assert (record.status, record.steps, record.first_loss) == ("csv", 3, 4.0)
    assert (record.last_loss, record.best_loss, record.best_step) == (3.0, 2.0, 1)
    assert record.elapsed_s is None


BROKEN = {
    "empty.csv": (b"", "{}: no columns 'step' and 'loss' in its first line"),
    "foreign.csv": (b"x,y\n1,2\n", "{}: no columns 'step' and 'loss' in its first line"),
    "text.csv": (b"step,loss\n0,1\n1,high\n", "{}:3: not a step and a loss: '1,high'"),
    "short.csv": (b"step,loss\n0,1\n1\n", "{}:3: not a step and a loss: '1'"),
    "half.csv": (b"step,loss\n0.5,1\n", "{}:2: not a step and a loss: '0.5,1'"),
    "binary.csv": (b"\x93NUMPY\x01\x00\xff\xfe", "{}: not a CSV file"),
    "nul.csv": (b"step,loss\n0,1\x00\n", None),
    "infinite.csv": (b"step,loss\ninf,1\n", "{}:2: not a step and a loss: 'inf,1'"),
    "nan.csv": (b"step,loss\nnan,1\n", "{}:2: not a step and a loss: 'nan,1'"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_path_does_not_stop_the_rest(tmp_path: Path, name: str) -> None:
    """A path that is no run takes one line, and the runs beside it are loaded."""
    content, message = BROKEN[name]
    path = tmp_path / name
    path.write_bytes(content)
    good = record_run(tmp_path, "good", [1.0])
    records, complaints = load_runs([path, Path(good.path)])
    assert records == [good]
    assert len(complaints) == 1
    assert "\n" not in complaints[0]
    if message is not None:
        assert complaints == [message.format(path)]


def test_foreign_run_json_values(tmp_path: Path) -> None:
    """A run.json whose fields have the wrong types takes one warning line, too."""
    record_run(tmp_path, "good", [1.0])
    for name, content in {
        "config": '{"status": "completed", "config": 3}',
        "loss": '{"status": "completed", "last_loss": "low"}',
        "curve": '{"status": "completed", "curve": [1, "x"]}',
        "status": '{"status": "done"}',
    }.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text(content)
        result = evo("compare", "good", name, cwd=tmp_path)
        assert result.returncode == 0
        assert result.stdout.splitlines()[-1].startswith("good")
        assert result.stderr.startswith(f"evo: warning: {name}/run.json: ")
        assert result.stderr.count("\n") == 1
