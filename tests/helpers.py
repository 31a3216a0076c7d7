"""What the tests use of the package's inside, and the command line without a process of its own."""

import csv
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import chdir
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from autograd_cli.catalogue import registry
from autograd_cli.catalogue.cell import Cell
from autograd_cli.catalogue.registry import find_cell
from autograd_cli.cli.app import app
from autograd_cli.config.files import Setting, find_config, read_config_file
from autograd_cli.config.resolve import gather, keys_of, parse_assignment, resolve
from autograd_cli.contract.batch import Batch
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.keys import Key, Value, show
from autograd_cli.contract.level import Level, LevelClass
from autograd_cli.contract.problem import Problem
from autograd_cli.graph import Accumulation, Node, read_accumulation, read_graph
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import RunRecord
from autograd_cli.runs.writer import RunWriter
from autograd_cli.sweep.plan import Plan, make_plan
from autograd_cli.sweep.request import make_request
from autograd_cli.training.clock import Clock
from autograd_cli.training.loop import train
from autograd_cli.training.threads import set_threads
from autograd_cli.verify.cells import Verdict, verify
from autograd_cli.verify.plan import choose_cells
from autograd_cli.verify.plan import make_plan as make_verify_plan

ROOT = Path(__file__).resolve().parent.parent
TASKS = registry.TASKS
# The names that --config takes without a path.
SHIPPED = sorted(path.stem for path in (ROOT / "configs").glob("*.yaml"))
LEVELS = {task.name: [row.name for row in task.levels] for task in TASKS.values()}
CELLS = [(task, impl) for task, impls in LEVELS.items() for impl in impls]
# Those that need an extra, or a C++ compiler and a minute, are trained in tests/lessons/test_compiled.py.
TRAINED = [cell for cell in CELLS if cell[1] not in ("compile", "jax")]
# Levels whose gradients are written by hand, and those for which autograd builds a graph.
BY_HAND = [cell for cell in TRAINED if cell[1] in ("numpy", "tensor", "batched", "gram")]
DERIVED = [cell for cell in TRAINED if cell not in BY_HAND]
every_cell = pytest.mark.parametrize(("task", "impl"), CELLS, ids=["-".join(cell) for cell in CELLS])
every_trained = pytest.mark.parametrize(("task", "impl"), TRAINED, ids=["-".join(cell) for cell in TRAINED])
every_derived = pytest.mark.parametrize(("task", "impl"), DERIVED, ids=["-".join(cell) for cell in DERIVED])
# Sizes at which a level is still itself: no two of them equal.
SMALL: Mapping[str, Mapping[str, Value]] = {
    "mlp": {"N": 7, "D_in": 5, "H": 6, "D_out": 3},
    "sin": {"N": 9},
    "linear": {"N": 5},
    "softmax": {"D_in": 4, "D_out": 3},
}

# What would change the output of the command line, were it set where the tests run.
UNWANTED = ("COLUMNS", "LINES", "TERM", "FORCE_COLOR", "NO_COLOR", "PYTHONPATH", "PYTHONUNBUFFERED")


# --- configurations and levels ----------------------------------------------------------------------


def config_of(task: str, impl: str, file: str | None = None, /, **keys: Value) -> RunConfig:
    """The configuration of a cell, from the file that comes with evo or another one, with keys changed."""
    words = [f"{name}={show(value)}" for name, value in keys.items()]
    return resolve_words([f"task={task}", f"impl={impl}", *words], file)


def resolve_words(words: Iterable[str], config: str | None = None) -> RunConfig:
    """What `evo train --config CONFIG WORDS` uses; task and impl are words, too."""
    file = read_config_file(find_config(config)) if config else None
    return resolve(gather(map(parse_assignment, words)), file)[1]


def config_keys(task: str) -> dict[str, Key]:
    """Every key of a task's configuration."""
    return keys_of(TASKS[task])


def small(task: str, impl: str, **keys: Value) -> RunConfig:
    """A cell in float64 and a few numbers only."""
    return config_of(task, impl, **{"dtype": "float64", **SMALL[task], **keys})


def cell_of(config: RunConfig) -> Cell:
    """What a configuration trains."""
    return find_cell(config.task, config.impl)


def level_class(task: str, impl: str) -> LevelClass:
    """The class that is trained."""
    return find_cell(task, impl).level_class


def problem_of(config: RunConfig) -> Problem:
    """The data and start of `config`."""
    return cell_of(config).problems.make(config)


def level_of(config: RunConfig, problem: Problem | None = None) -> Level:
    """The level of a configuration, standing at its start or at that of another problem."""
    return cell_of(config).make(config, problem)


def model_shapes(config: RunConfig) -> dict[str, tuple[int, ...]]:
    """The shape of each parameter, as the task's problem.py tells it."""
    cell = cell_of(config)
    return dict(cell.problems.signature(cell.model, config).parameters)


def choices_of(config: RunConfig, steps: int) -> list[int]:
    """The path that a level's model takes at each of the first steps; zeros where there is one path."""
    cell = cell_of(config)
    choices = problem_of(config).choices(cell.problems.signature(cell.model, config).paths)
    return [next(choices) for _ in range(steps)]


def describe(config: RunConfig, parameters: Mapping[str, Any]) -> str | None:
    """What a run says of the parameters that it ends with."""
    cell = cell_of(config)
    return cell.problems.describe(cell.model, parameters)


def graph_of(task: str, impl: str, **keys: Value) -> Node:
    """The graph of a small level."""
    config = small(task, impl, **keys)
    return read_graph(cell_of(config), config)


def accumulation_of(task: str, impl: str) -> list[Accumulation]:
    """What a second backward() does to the gradients of a small level."""
    config = small(task, impl)
    return read_accumulation(cell_of(config), config)


def arrays(views: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Copies of parameters or gradients as NumPy arrays, in the dtype that they have."""
    return {
        name: np.array(array.detach().numpy() if hasattr(array, "detach") else array)
        for name, array in views.items()
    }


# --- training ---------------------------------------------------------------------------------------


def losses_of(level: Level, steps: int, clock: Clock | None = None) -> list[float]:
    """All losses of a training, by the host's clock or another one."""
    return [loss for batch in train(level, steps, clock) for loss in batch.losses]


def trained_losses(config: RunConfig) -> list[float]:
    """The losses of a whole run, without a run directory."""
    return losses_of(level_of(config), config.steps)


def verdicts_of(
    task: str,
    impls: str,
    *assignments: str,
    steps: str = "40",
    tolerance: str = "1e-9",
    dtype: str = "float64",
    quick: bool = True,
) -> list[Verdict]:
    """What `evo verify` finds of levels."""
    plan = make_verify_plan(
        gather(map(parse_assignment, assignments)),
        steps=Setting(steps, "--steps"),
        tolerance=Setting(tolerance, "--tolerance"),
        dtype=Setting(dtype, "--dtype"),
        quick=quick,
    )
    return list(verify(choose_cells(Setting(task, "--task"), Setting(impls, "--impl")), plan))


# --- runs -------------------------------------------------------------------------------------------


def record_run(runs_dir: Path, name: str | None, losses: list[float], **keys: Value) -> RunRecord:
    """A run directory with these losses, a hundredth of a second apart, made by the real writer."""
    config = config_of(str(keys.pop("task", "sin")), str(keys.pop("impl", "numpy")), **keys)
    writer = RunWriter(runs_dir, config, name, {})
    if losses:
        writer.append(Batch(0, losses, [0.01 * step for step in range(len(losses))]))
    return writer.finish("completed")


def records(runs_dir: Path) -> list[RunRecord]:
    """Every run in the folder; a directory that was cut off before its run.json is left out."""
    return [read_run(path.parent) for path in sorted(runs_dir.glob("[!.]*/run.json"))]


def completed(runs_dir: Path) -> Counter[str | None]:
    """How often each configuration has been completed."""
    return Counter(record.config_digest for record in records(runs_dir) if record.status == "completed")


def loss_column(run: Path) -> list[str]:
    """The losses of a run, as the text in its file."""
    with (run / "losses.csv").open(newline="") as file:
        return [row["loss"] for row in csv.DictReader(file)]


def loss_columns(runs_dir: Path) -> dict[str | None, list[str]]:
    """The loss column of each run of a folder, by the configuration's digest."""
    return {record.config_digest: loss_column(Path(record.path)) for record in records(runs_dir)}


# --- the command line -------------------------------------------------------------------------------


def evo(*arguments: object, cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """`evo ARGUMENTS` in `cwd`, in this process; `extra` is added to the environment.

    A process of its own costs the import of torch, a second or two, and is only for what a process is:
    see `tests.processes`. An exception that evo does not catch is the test's failure.
    """
    words = [str(argument) for argument in arguments]
    environment = dict.fromkeys(UNWANTED) | extra
    try:
        with chdir(cwd):
            result = CliRunner(env=environment).invoke(app, words, prog_name="evo", catch_exceptions=False)
    finally:
        set_threads(1)  # the command may have asked for more
    return subprocess.CompletedProcess(["evo", *words], result.exit_code, result.stdout, result.stderr)


def complaint_of(done: subprocess.CompletedProcess[str], code: int) -> str:
    """The one line, less its `evo: `, of a command that ended with `code` and nothing on stdout."""
    assert (done.returncode, done.stdout) == (code, ""), done
    (line,) = done.stderr.splitlines()
    assert line.startswith("evo: ")
    return line.removeprefix("evo: ")


def refused(*arguments: object, cwd: Path, code: int = 2) -> str:
    """What a command says that refuses."""
    return complaint_of(evo(*arguments, cwd=cwd), code)


def train_run(runs_dir: Path, task: str, impl: str, *arguments: object, **keys: Value) -> Path:
    """The directory of a run of `evo train`."""
    given = [f"{name}={show(value)}" for name, value in keys.items()]
    cell = ("--task", task, "--impl", impl)
    done = evo("train", *cell, *given, *arguments, "--runs-dir", runs_dir, "--quiet", cwd=runs_dir)
    assert (done.returncode, done.stderr) == (0, "")
    return Path(done.stdout.removesuffix("\n"))


def plan_of(*words: str, file: object = None, pairs: bool = False) -> Plan:
    """The runs that `evo sweep FILE WORDS` asks for."""
    settings = gather(map(parse_assignment, words))
    return make_plan(make_request(settings, file=str(file) if file else None, pairs=pairs))


def sweep(runs_dir: Path, *arguments: str, code: int = 0) -> str:
    """`evo sweep` to its end, which must come with exit code `code`; its stdout and stderr."""
    done = evo("sweep", *arguments, "--runs-dir", runs_dir, cwd=ROOT)
    assert done.returncode == code, done
    return done.stdout + done.stderr


_LEVEL = """{top}
import os, sys, time
import numpy

class Level:
    def __init__(self, problem, config):
        self.config, self.step, self.start = config, 0, problem.start
        {set_up}
    def forward(self):
        self.step += 1
        {body}
        return numpy.float64(self.config.seed + 1 / self.step)
    def backward(self, loss): pass
    def update(self): pass
    parameters = gradients = property(lambda self: self.start)
"""


def write_level(path: Path, body: str = "", *, set_up: str = "", top: str = "") -> str:
    """A level of the user's own, which does `body` at each step; what `impl` calls it."""
    path.write_text(_LEVEL.format(body=body, set_up=set_up, top=top))
    return f"{path}:Level"
