"""`evo predict`: the model of a run, rebuilt from its directory alone."""

import io
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_cli.config.files import to_yaml
from autograd_cli.contract.config import RunConfig
from autograd_cli.errors import ConfigError
from autograd_cli.predict.model import load_model
from autograd_cli.predict.rows import csv_text, read_rows, write_rows
from tests import helpers
from tests.helpers import ROOT, SMALL, choices_of, every_trained, loss_column, problem_of, train_run

STEPS = 6


def evo(*arguments: object) -> str:
    """What a command prints that succeeds."""
    done = helpers.evo(*arguments, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def predict(*arguments: object) -> np.ndarray[Any, Any]:
    """What `evo predict` prints, as rows of numbers."""
    lines = evo("predict", "--format", "plain", *arguments).splitlines()
    return np.array([[float(cell) for cell in line.split(",")] for line in lines])


def refused(*arguments: object) -> str:
    """The one line with which `evo predict` refuses; exit 2, and nothing on stdout."""
    return helpers.refused("predict", *arguments, cwd=ROOT)


@pytest.fixture(scope="module")
def linear(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of linear/numpy with its default steps."""
    return train_run(tmp_path_factory.mktemp("runs"), "linear", "numpy", steps=500)


@pytest.fixture(scope="module")
def mlp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of mlp/numpy that takes three numbers and gives two."""
    return train_run(tmp_path_factory.mktemp("runs"), "mlp", "numpy", N=4, D_in=3, D_out=2, steps=STEPS)


@every_trained
def test_predictions_are_the_level_s_own(tmp_path: Path, task: str, impl: str) -> None:
    """Predictions for the training inputs have the loss that the level itself computes at its next step."""
    keys = {**SMALL[task], "dtype": "float64"}
    model = load_model(train_run(tmp_path, task, impl, **keys, steps=STEPS))
    losses = loss_column(train_run(tmp_path, task, impl, **keys, steps=STEPS + 1))
    depth = choices_of(model.config, STEPS + 1)[-1]
    y_pred = model.predict(model.training_inputs(), depth)
    loss = loss_of(task, y_pred.ravel(), problem_of(model.config).y.ravel())
    assert loss == pytest.approx(float(losses[STEPS]), rel=1e-9)


def loss_of(task: str, y_pred: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> float:
    """The task's loss, from predictions alone."""
    if task == "softmax":
        return float(-(y * np.log(y_pred) + (1 - y) * np.log1p(-y_pred)).mean())
    squares = (y_pred - y) ** 2
    return float(squares.mean() if task == "linear" else squares.sum())


@pytest.mark.parametrize(
    ("task", "impl", "keys", "numbers", "shape"),
    [
        ("linear", "module", {}, "4 11", (2, 1)),
        ("sin", "function", {}, "-1 0 1", (3, 1)),
        ("sin", "dynamic", {"steps": 20}, "-1 2 --depth=2", (2, 1)),
        ("mlp", "nn", {"steps": 5, "D_in": 3}, "1 2 3 -4 5e-1 .6", (2, 10)),
        ("mlp", "dynamic", {"steps": 5, "D_in": 3}, "1 2 3 --depth=3", (1, 10)),
        ("softmax", "function", {}, "1 1 1 1 1", (1, 3)),
    ],
)
def test_a_run_predicts_from_configuration_and_weights(
    tmp_path: Path, task: str, impl: str, keys: dict[str, int], numbers: str, shape: tuple[int, int]
) -> None:
    """A run of a torch level predicts in NumPy from two of its files, with another depth something else."""
    run = train_run(tmp_path, task, impl, **keys)
    for file in ("losses.csv", "run.json"):
        (run / file).unlink()  # neither is needed
    words = numbers.split()
    found = predict(run, *words)
    assert found.shape == shape
    assert np.isfinite(found).all()
    if task == "linear":
        np.testing.assert_allclose(found[:, 0], [9, 23], rtol=0.01)
    if task == "softmax":
        assert found.sum() == pytest.approx(1)
        np.testing.assert_array_equal(found, predict(run))  # the training input is five ones
    if impl == "dynamic":
        assert (found != predict(run, *words[:-1])).any()


def test_without_inputs_predicts_for_the_training_inputs(linear: Path) -> None:
    """`evo predict RUN` is the prediction for x = 0, 1, …, 10, full digits, one a line."""
    np.testing.assert_array_equal(predict(linear), predict(linear, *range(11)))
    expected = load_model(linear).predict(np.arange(11.0).reshape(-1, 1))
    np.testing.assert_array_equal(predict(linear).astype(np.float32), expected)


def test_negative_numbers_are_numbers(linear: Path) -> None:
    """-1 and -1e0 are inputs, before or after options, with or without `--`."""
    expected = predict(linear, "--", "-1", "2")
    np.testing.assert_array_equal(predict(linear, "-1", "2"), expected)
    np.testing.assert_array_equal(predict(linear, "-1e0", "--depth", "0", "2"), expected)
    np.testing.assert_array_equal(predict(linear, "-1.", "+2"), expected)


def test_formats(linear: Path, mlp: Path) -> None:
    """plain, csv and json hold the same numbers."""
    plain = predict(mlp)
    assert json.loads(evo("predict", mlp, "--format", "json")) == plain.tolist()
    header, *lines = evo("predict", mlp, "--format", "csv").splitlines()
    assert header == "y1,y2"
    assert lines == evo("predict", mlp, "--format", "plain").splitlines()
    assert evo("predict", linear, "1", "--format", "csv").startswith("y\n")
    assert "unknown format 'jsn'; did you mean 'json'?" in refused(linear, "--format", "jsn")


def test_the_table_has_inputs_predictions_and_targets(linear: Path, mlp: Path) -> None:
    """x, prediction and, of the training inputs, target; points stand below each other."""
    header, *rows = evo("predict", linear).splitlines()
    assert header.split() == ["x", "prediction", "target"]
    found = np.array([[float(cell) for cell in row.split()] for row in rows])
    np.testing.assert_array_equal(found[:, 0], np.arange(11))
    np.testing.assert_allclose(found[:, 1], predict(linear)[:, 0], rtol=1e-7)
    np.testing.assert_array_equal(found[:, 2], 2 * np.arange(11) + 1)
    assert len({row.index(".") for row in rows}) == 1
    header, row = evo("predict", linear, "2.5").splitlines()
    assert header.split() == ["x", "prediction"]
    assert float(row.split()[0]) == 2.5
    names = evo("predict", mlp).splitlines()[0].split("  ")
    assert [name.strip() for name in names if name] == [
        *(f"x {i}" for i in (1, 2, 3)),
        *(f"prediction {i}" for i in (1, 2)),
        *(f"target {i}" for i in (1, 2)),
    ]


def test_a_plot_shows_where_the_predictions_lie(linear: Path, mlp: Path) -> None:
    """`--plot` draws data, fit and the points asked for; a task without a formula is refused."""
    drawn = evo("predict", linear, "2.5", "40", "--plot")
    assert drawn.count("●") == 2
    assert "fit of linear / numpy" in drawn
    assert refused(mlp, "--plot").startswith("--plot: task mlp has no formula of a single x")


@pytest.mark.parametrize("ending", ["csv", "npy"])
def test_files_in_and_out(tmp_path: Path, mlp: Path, ending: str) -> None:
    """Inputs from a file give what the same numbers give as arguments, and --output holds it."""
    inputs = np.array([[1, -2, 0.5], [3, 4, 5]])
    source, target = tmp_path / f"in.{ending}", tmp_path / f"out.{ending}"
    if ending == "csv":
        source.write_text("\ufeffp,q,r\n1,-2,0.5\n\n 3 ,4,5")
    else:
        np.save(source, inputs)
    expected = predict(mlp, *inputs.ravel())
    assert evo("predict", mlp, "--input", source, "--output", target) == ""
    found = np.load(target) if ending == "npy" else np.loadtxt(target, delimiter=",", skiprows=1)
    np.testing.assert_array_equal(found, expected)
    assert sorted(path.name for path in tmp_path.iterdir()) == [source.name, target.name]


def test_output_is_never_overwritten(tmp_path: Path, linear: Path) -> None:
    """A file that exists stays as it is, and one that cannot be written leaves nothing behind."""
    taken = tmp_path / "y.csv"
    taken.write_text("mine")
    line = refused(linear, "1", "--output", taken)
    assert line == f"--output: '{taken}' exists already, and nothing is ever overwritten"
    assert taken.read_text() == "mine"
    missing = tmp_path / "none" / "y.csv"
    line = refused(linear, "1", "--output", missing)
    assert line == f"--output: cannot write '{missing}': No such file or directory"
    assert "ends in neither .csv nor .npy" in refused(linear, "1", "--output", tmp_path / "y.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["y.csv"]


def test_a_file_that_comes_up_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the look at --output and the writing another program's file is not replaced either."""
    path = tmp_path / "y.csv"
    path.write_text("mine")
    monkeypatch.setattr("autograd_cli.predict.rows.check_new", lambda *_: None)
    with pytest.raises(ConfigError, match="File exists"):
        write_rows(path, np.ones((1, 1)), "--output")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("y.csv", "mine")]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("x.csv", b"1,2\n", "x.csv:1: 2 columns; an input of this run has 3"),
        ("x.csv", b"a,b,c\n1,2,3\n4,5\n", "x.csv:3: 2 columns; an input of this run has 3"),
        ("x.csv", b"1,nan,3\n", "x.csv:1: 'nan' is not a finite number"),
        ("x.csv", b"1,2,3\n1,inf,3\n", "x.csv:2: 'inf' is not a finite number"),
        ("x.csv", b"a,b,c\n1,2,three\n", "x.csv:2: 'three' is not a finite number"),
        ("x.csv", b"1,,3\n", "x.csv:1: '' is not a finite number"),
        ("x.csv", b"1_0,2,3\n", "x.csv:1: '1_0' is not a finite number"),
        ("x.csv", b"", "x.csv: it holds no input"),
        ("x.csv", b"a,b,c\n\n", "x.csv: it holds no input"),
        ("x.csv", b"\xff\xfe\x00", "x.csv: not a CSV file"),
        ("x.csv", None, "x.csv': No such file or directory"),
        ("x.txt", b"1,2,3\n", "x.txt' ends in neither .csv nor .npy"),
        ("x.npy", b"", "x.npy: truncated, damaged, or not an array of plain numbers"),
        ("x.npy", b"1,2,3\n", "x.npy: truncated, damaged, or not an array of plain numbers"),
        ("x.npy", np.ones((2, 2)), "x.npy: an array of shape (2, 2); inputs of this run are (N, 3)"),
        ("x.npy", np.ones((0, 3)), "x.npy: it holds no input"),
        ("x.npy", np.array([[0, 0, 0], [1, np.nan, 3]]), "x.npy: row 1, counted from 0, holds a number"),
        ("x.npy", np.array([["1", "2", "3"]]), "x.npy: it holds <U1, not numbers"),
        ("x.npy", np.array([[1, 2, 3j]]), "x.npy: it holds complex128, not numbers"),
    ],
)
def test_bad_inputs_are_refused(tmp_path: Path, mlp: Path, name: str, content: Any, expected: str) -> None:
    """An input file that does not hold finite rows of the right width is one line, and nothing is written."""
    path = tmp_path / name
    if isinstance(content, np.ndarray):
        np.save(path, content)
    elif content is not None:
        path.write_bytes(content)
    line = refused(mlp, "--input", path, "--output", tmp_path / "y.csv", "--depth=0")
    assert expected in line
    assert not (tmp_path / "y.csv").exists()


def test_bad_arguments_are_refused(tmp_path: Path, linear: Path, mlp: Path) -> None:
    """Text, NaN, half a row, two sources, a mistyped option and a path that is none: one line each."""
    assert refused(linear, "four") == "argument 'four': expected a finite number"
    assert refused(linear, "nan") == "argument 'nan': expected a finite number"
    assert refused(linear, "1e300") == "input 1e+300 is not a finite number in the run's float32"
    assert refused(linear, "-inf") == "argument '-inf': expected a finite number"
    assert refused(mlp, "1", "2") == "2 numbers given; an input of this run has 3"
    assert refused(linear, "1", "--dept", "0") == "--dept: no such option; did you mean '--depth'?"
    assert "not in both" in refused(linear, "1", "--input", tmp_path / "x.csv")
    assert refused(linear, "1", "--depth", "1") == (
        "--depth: implementation 'numpy' has no path to choose (allowed: 0)"
    )
    assert refused(linear, "1", "--depth", "x") == (
        "--depth: depth is 'x'; it must be a whole number, 0 or more"
    )


def test_dynamic_paths_end(tmp_path: Path) -> None:
    """sin/dynamic has the paths 0, 1 and 2; another is refused."""
    run = train_run(tmp_path, "sin", "dynamic", steps=STEPS)
    with pytest.raises(ConfigError, match=r"has no path 3 \(allowed: 0 to 2\)"):
        load_model(run).predict(np.ones((1, 1)), depth=3)


class Trap:
    """An object that creates a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


def npz(**arrays: Any) -> bytes:
    """The bytes of a .npz file."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def of_text(folder: Path) -> bytes:  # noqa: ARG001
    """An archive whose member is no array."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("w.npy", "text")
        archive.writestr("b.npy", "text")
    return buffer.getvalue()


W, B = np.ones((1, 1), dtype=np.float32), np.ones(1, dtype=np.float32)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (lambda _: b"", "truncated, damaged, or not an archive of plain arrays"),
        (lambda _: npz(w=W, b=B)[:-30], "truncated, damaged, or not an archive of plain arrays"),
        (lambda trap: pickle.dumps(Trap(trap)), "truncated, damaged, or not an archive of plain arrays"),
        (lambda trap: npz(w=np.array([[Trap(trap)]]), b=B), "w: truncated, damaged, or not an array"),
        (of_text, "w: truncated, damaged, or not an array of plain numbers"),
        (lambda _: npz(w=W), "it holds w; the run's model has b, w"),
        (lambda _: npz(w=W, b=B, c=B), "it holds b, c, w; the run's model has b, w"),
        (lambda _: npz(weight=W, bias=B), "it holds bias, weight; the run's model has b, w"),
        (lambda _: npz(), "it holds nothing; the run's model has b, w"),
        (lambda _: npz(w=W[0], b=B), "w has shape (1,); the run's model has (1, 1)"),
        (lambda _: npz(w=W, b=W), "b has shape (1, 1); the run's model has (1,)"),
        (lambda _: npz(w=W.astype(int), b=B), "w is of int64 (allowed: float32, float64)"),
        (lambda _: npz(w=W, b=B * np.nan), "b is not finite everywhere"),
    ],
)
def test_bad_weights_are_refused(
    tmp_path: Path, linear: Path, content: Callable[[Path], bytes], expected: str
) -> None:
    """Weights that are not this model's plain arrays are one line, and nothing of them is executed."""
    run = tmp_path / "run"
    run.mkdir()
    for name in ("config.yaml", "run.json"):
        (run / name).write_bytes((linear / name).read_bytes())
    trap = tmp_path / "trap"
    (run / "weights.npz").write_bytes(content(trap))
    before = sorted(tmp_path.rglob("*"))
    line = refused(run, "1", "--output", tmp_path / "y.csv")
    assert line == f"{run / 'weights.npz'}: {expected}" or expected in line
    assert sorted(tmp_path.rglob("*")) == before


def test_pickled_input_is_not_executed(tmp_path: Path, linear: Path) -> None:
    """An object array, or a bare pickle, as --input is refused unopened."""
    trap = tmp_path / "trap"
    np.save(tmp_path / "object.npy", np.array([[Trap(trap)]]), allow_pickle=True)
    (tmp_path / "bare.npy").write_bytes(pickle.dumps(Trap(trap)))
    for name in ("object.npy", "bare.npy"):
        assert "not " in refused(linear, "--input", tmp_path / name)
    assert not trap.exists()


def test_broken_runs_are_refused(tmp_path: Path, linear: Path) -> None:
    """A directory that is no run, lacks its weights, or belongs to something else is one line."""
    assert refused(tmp_path / "none") == f"{tmp_path / 'none'}: no such run"
    weights = linear / "weights.npz"
    assert refused(weights) == f"{weights}: not a run directory"
    assert refused(tmp_path) == f"{tmp_path}: not a run directory: it has no config.yaml"
    (tmp_path / "config.yaml").write_text("model: resnet\n")
    assert refused(tmp_path).startswith("--task is missing")
    (tmp_path / "config.yaml").write_bytes((linear / "config.yaml").read_bytes())
    assert refused(tmp_path) == f"{tmp_path}: it has no weights.npz"
    record = json.loads((linear / "run.json").read_text()) | {"status": "interrupted", "files": {}}
    (tmp_path / "run.json").write_text(json.dumps(record))
    assert refused(tmp_path) == f"{tmp_path}: it has no weights.npz; the run's status is 'interrupted'"
    (tmp_path / "weights.npz").mkdir()
    assert refused(tmp_path) == f"{tmp_path / 'weights.npz'}: cannot read: Is a directory"


@given(
    st.lists(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2), min_size=1)
)
def test_csv_round_trip(tmp_path_factory: pytest.TempPathFactory, rows: list[list[float]]) -> None:
    """What is written as CSV reads back as exactly the same numbers."""
    path = tmp_path_factory.getbasetemp() / "rows.csv"
    path.write_text(csv_text(np.array(rows)))
    np.testing.assert_array_equal(read_rows(path, 2), rows)


def test_config_of_a_run_is_enough(linear: Path) -> None:
    """The rebuilt model knows the run's whole configuration."""
    config = load_model(linear).config
    assert isinstance(config, RunConfig)
    assert to_yaml(config) == (linear / "config.yaml").read_text()
