"""`import autograd_cli as evo`: what it offers, and how it answers mistakes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd_cli as evo
from autograd_cli.contract.config import RunConfig
from autograd_cli.tasks.linear.numpy import Linear
from tests.helpers import ROOT, trained_losses
from tests.processes import environment, run_python

NAMES = {
    *("train", "sweep", "plan", "compare", "plot", "verify", "load", "tasks", "graph", "accumulation"),
    *("show", "diff", "report", "export", "Plot", "bench", "Benchmark"),
    *("Run", "Table", "Verification", "Graph", "Lesson", "Difference", "Report", "Batch", "RunConfig"),
    *("Task", "LevelSpec", "Key", "Problem", "Streams", "ModelSignature"),
    *("EvoError", "ConfigError", "RunError", "__version__"),
}


def python(code: str, folder: Path) -> str:
    """What a program of its own prints; it ends well, with nothing on stderr."""
    done = run_python(code, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


class Mine(Linear):
    """A level as a cell of a notebook defines one."""


class NoVerbs:
    """No level at all."""


def test_the_public_names_are_these_and_each_is_there() -> None:
    """Adding a name, or losing one, is a decision: this list has to change with it."""
    assert set(evo.__all__) == NAMES
    assert all(getattr(evo, name) is not None for name in NAMES)
    assert set(dir(evo)) == NAMES


def test_importing_is_light(tmp_path: Path) -> None:
    """Importing the package loads none of its rooms, nor torch, NumPy, rich or typer."""
    code = "import sys; old = set(sys.modules); import autograd_cli; print(*sorted(set(sys.modules) - old))"
    output = python(code, tmp_path)
    loaded = set(output.split())
    assert {name for name in loaded if name.startswith("autograd_cli")} == {
        "autograd_cli",
        "autograd_cli.version",
    }
    assert not loaded & {"torch", "numpy", "rich", "typer", "yaml", "orjson", "asyncio"}


def test_functions_are_not_hidden_by_rooms_of_the_same_name(tmp_path: Path) -> None:
    """However the rooms of the same names are imported, the public names stay functions."""
    code = (
        "import autograd_cli.compare.groups, autograd_cli.sweep.plan, autograd_cli.verify.plan\n"
        "import autograd_cli.graph, autograd_cli.tasks.mlp\n"
        "import autograd_cli as evo\n"
        "print(all(map(callable, (evo.compare, evo.sweep, evo.verify, evo.graph, evo.tasks))))"
    )
    output = python(code, tmp_path)
    assert output == "True\n"


def test_a_run_in_memory_is_the_recorded_run(tmp_path: Path) -> None:
    """With runs_dir=None nothing is written, and what comes out is that of a recorded run."""
    kept = evo.train("linear", "numpy", steps=30, seed=3, runs_dir=None)
    assert kept.path is None
    recorded = evo.train("linear", "numpy", steps=30, seed=3, runs_dir=tmp_path)
    assert recorded.path is not None
    assert kept.losses == recorded.losses == trained_losses(kept.config)
    assert (kept.status, kept.last_loss) == ("completed", recorded.last_loss)
    assert kept.config == recorded.config
    assert kept.elapsed_s == sorted(kept.elapsed_s)  # type: ignore[type-var]
    for name, array in recorded.parameters.items():
        np.testing.assert_array_equal(kept.parameters[name], array)
    np.testing.assert_array_equal(kept.predict([1.0, 2.0]), recorded.predict([[1.0], [2.0]]))
    assert [path.name for path in tmp_path.iterdir()] == [recorded.path.name]


def test_a_class_is_a_level(tmp_path: Path) -> None:
    """A class that was never in a file trains, sweeps, verifies and predicts, and is named in the record."""
    run = evo.train("linear", Mine, steps=5, runs_dir=tmp_path)
    assert run.config.impl == f"{__name__}:Mine"
    assert run.losses == evo.train("linear", "numpy", steps=5, runs_dir=None).losses
    assert run.predict(0.0).shape == (1, 1)
    runs = evo.sweep("linear", [Mine, "numpy"], seed=range(2), steps=3, runs_dir=tmp_path, engine="serial")
    assert [r.config.impl for r in runs] == [f"{__name__}:Mine"] * 2 + ["numpy"] * 2
    assert [runs[0].losses, runs[1].losses] == [runs[2].losses, runs[3].losses]
    verification = evo.verify("linear", Mine, quick=True)
    assert verification.passed
    assert "1 of 1 levels verified" in repr(verification)


def test_a_configuration_repeats_a_run(tmp_path: Path) -> None:
    """The config of a run, its mapping, its directory and its file all give the same run again."""
    run = evo.train("sin", "numpy", steps=4, lr=2e-6, runs_dir=tmp_path)
    assert run.path
    for config in (run.config, run.config.to_dict(), run.path, str(run.path / "config.yaml")):
        assert evo.train(config=config, runs_dir=None).losses == run.losses
    assert evo.train(config=run.config, seed=1, runs_dir=None).losses != run.losses


@pytest.mark.parametrize(
    "rate",
    ["log:1e-7:1e-6:3", ["1e-7", "3.162e-07", "1e-6"], np.array([1e-7, 3.162e-07, 1e-6])],
)
def test_values_of_a_sweep(tmp_path: Path, rate: Any) -> None:
    """The command line's text and any iterable, NumPy's too, plan the same runs."""
    job = evo.plan("sin", "numpy", lr=rate, seed=range(2), runs_dir=tmp_path)
    assert [(r.config.lr, r.config.seed) for r in job.plan.runs] == [
        (lr, seed) for lr in (1e-7, 3.162e-07, 1e-6) for seed in (0, 1)
    ]
    assert not list(tmp_path.iterdir())


def test_a_sweep_in_memory_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With runs_dir=None no folder is left, and its runs still have losses and parameters."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    runs = evo.sweep("linear", "numpy", seed="0..2", steps=3, runs_dir=None, engine="serial")
    assert not list(tmp_path.iterdir())
    assert [len(run.losses) for run in runs] == [3, 3, 3]
    assert all(run.path is None and run.parameters["w"].shape == (1, 1) for run in runs)


def test_a_table_is_text_html_and_rows(tmp_path: Path) -> None:
    """A comparison prints as the command line does, escapes what it shows in HTML, and gives plain values."""
    for seed in range(3):
        evo.train("linear", "numpy", seed=seed, steps=3, name=f"r{seed}", runs_dir=tmp_path)
    table = evo.compare(f"{tmp_path}/r*", sort="-seed")
    assert [row["seed"] for row in table.rows] == [2, 1, 0]
    assert json.loads(table.text("json"))[0]["seed"] == 2
    assert str(table) == table.text("table")
    groups = evo.compare(evo.load(f"{tmp_path}/*"), over="seed")
    assert [row["runs"] for row in groups.rows] == [3]
    assert "<td" in groups._repr_html_()
    (tmp_path / "<b>.csv").write_text("step,loss\n0,1\n")
    assert "&lt;b&gt;.csv" in evo.compare(tmp_path / "<b>.csv")._repr_html_()


def test_a_table_becomes_a_data_frame(tmp_path: Path) -> None:
    """Where pandas is there, a comparison is a data frame; where it is not, one line says so."""
    run = evo.train("linear", "numpy", steps=3, runs_dir=tmp_path)
    table = evo.compare(run)
    try:
        import pandas as pd
    except ImportError:
        with pytest.raises(evo.ConfigError, match="pip install pandas"):
            table.to_pandas()
        return
    frame = table.to_pandas()
    assert isinstance(frame, pd.DataFrame)
    assert list(frame["last_loss"]) == [run.last_loss]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: evo.train("mlp", "nump"),
            "impl: unknown implementation of task mlp 'nump'; did you mean 'numpy'?",
        ),
        (lambda: evo.train("mlq", "numpy"), "task: unknown task 'mlq'; did you mean 'mlp'?"),
        (lambda: evo.train("mlp"), "impl is missing"),
        (
            lambda: evo.train("sin", "numpy", lr="fast"),
            "lr: lr is 'fast'; it must be a finite number, 0 or more",
        ),
        (lambda: evo.train("sin", "numpy", steps=[1]), "steps: steps is '[1]'; it must be a whole number"),  # type: ignore[arg-type]
        (lambda: evo.train("sin", "numpy", lrr=1), "lrr: unknown key 'lrr'; did you mean 'lr'?"),
        (lambda: evo.train("sin", "numpy", name="a/b"), "name: 'a/b' cannot name a directory"),
        (lambda: evo.train("sin", "numpy", config="no"), "config: unknown configuration 'no'"),
        (lambda: evo.train("linear", NoVerbs), "class NoVerbs lacks forward and backward and update"),  # type: ignore[arg-type]
        (lambda: evo.sweep("sin", "numpy", engine="proceses"), "engine: unknown engine 'proceses'"),
        (lambda: evo.sweep("sin", "numpy", lr="log:1:2"), "lr: 'log:1:2' is not a range"),
        (lambda: evo.verify("sin", tolerance=-1.0), "tolerance: '-1.0' must be a number from 0 to 0.001"),
        (lambda: evo.verify("sin", NoVerbs), "class NoVerbs lacks forward and backward and update"),  # type: ignore[arg-type]
        (lambda: evo.compare([], sort="x"), "sort: unknown key 'x'"),
        (lambda: evo.load("no/such/*"), "paths: nothing matches 'no/such/*'"),
        (lambda: evo.graph("sin", "autograd").text("gif"), "format: unknown format 'gif'"),
    ],
)
def test_mistakes_name_the_argument(
    call: Any, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each mistake is one ConfigError, in the command line's words without dashes; nothing is written."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(evo.ConfigError) as error:
        call()
    assert message in str(error.value)
    assert "--" not in str(error.value)
    assert not list(tmp_path.iterdir())


def test_a_run_that_is_not_there() -> None:
    """A path that is no run is a RunError."""
    with pytest.raises(evo.RunError, match="runs/nothing: no such run or file"):
        evo.load("runs/nothing")


def test_a_level_that_breaks_raises_and_leaves_its_reason(tmp_path: Path) -> None:
    """A failing run raises one EvoError with the place in the user's code; its directory says the same."""

    class Broken(Linear):
        def update(self) -> None:
            raise RuntimeError("boom")

    with pytest.raises(evo.EvoError, match=r"test_interface\.py:\d+: RuntimeError: boom"):
        evo.train("linear", Broken, runs_dir=tmp_path)
    (run,) = evo.load(f"{tmp_path}/*")
    assert run.status == "failed"
    assert "RuntimeError: boom" in str(run.record.error)


def test_callbacks_see_the_whole_run() -> None:
    """on_start comes once with the configuration, and on_batch's losses are those of the run."""
    seen: list[RunConfig] = []
    losses: list[float] = []
    run = evo.train(
        "sin",
        "numpy",
        steps=500,
        runs_dir=None,
        on_start=seen.append,
        on_batch=lambda batch: losses.extend(batch.losses),
    )
    assert seen == [run.config]
    assert losses == run.losses


def test_ctrl_c_leaves_a_readable_run(tmp_path: Path) -> None:
    """Ctrl-C brings the run to a readable end, then raises KeyboardInterrupt; the program lives on."""
    code = (
        "import os, signal, autograd_cli as evo\n"
        "try:\n"
        "    evo.train('sin', 'numpy', steps=10**9, name='r',\n"
        "              on_batch=lambda batch: os.kill(os.getpid(), signal.SIGINT))\n"
        "except KeyboardInterrupt:\n"
        "    print(evo.load('runs/r')[0].status)\n"
    )
    assert python(code, tmp_path) == "interrupted\n"


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The library returns values and prints nothing."""
    run = evo.train("sin", "numpy", steps=3, runs_dir=tmp_path)
    evo.sweep("sin", "numpy", seed="0..1", steps=2, runs_dir=tmp_path, engine="serial")
    evo.compare(run)
    evo.plot(run)
    evo.verify("linear", "numpy", quick=True)
    assert capfd.readouterr() == ("", "")


def test_a_user_s_program_passes_the_strict_type_checker(tmp_path: Path) -> None:
    """For a program from outside the package everything is typed, and a wrong name is found."""
    pytest.importorskip("mypy")
    (tmp_path / "user.py").write_text(
        "import autograd_cli as evo\n\n"
        "run = evo.train('mlp', 'optim', lr=1e-4, seed=3, runs_dir=None)\n"
        "losses: list[float] = run.losses\n"
        "rate: float = run.config.lr\n"
        "runs: list[evo.Run] = evo.sweep('sin', 'numpy', lr='log:1e-7:1e-6:4', seed=range(4))\n"
        "table: evo.Table = evo.compare(runs, group_by='lr', over='seed')\n"
        "passed: bool = evo.verify('mlp').passed\n"
        "tasks: dict[str, evo.Task] = evo.tasks()\n"
        "plot: evo.Plot = evo.plot(runs, over='seed')\n"
        "graph: evo.Graph = evo.graph('mlp', 'autograd')\n"
    )
    (tmp_path / "wrong.py").write_text("import autograd_cli as evo\n\nevo.trian('mlp')\n")
    # With the checkout's cache, so that the package is not checked once more.
    settings = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(ROOT / ".mypy_cache")]
    command = [sys.executable, "-m", "mypy", "--strict", *settings]
    checked = subprocess.run(
        [*command, "user.py", "wrong.py"],
        cwd=tmp_path,
        env=environment(MYPYPATH=""),
        capture_output=True,
        text=True,
        check=False,
    )
    (error, _) = checked.stdout.splitlines()
    assert error.startswith('wrong.py:3: error: Module has no attribute "trian"')
