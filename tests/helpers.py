"""Configurations, levels and the real command line, as the tests use them."""

import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd_cli.catalogue.cell import Cell
from autograd_cli.catalogue.registry import TASKS, find_cell
from autograd_cli.config.files import Setting, find_config, read_config_file
from autograd_cli.config.resolve import gather, parse_assignment, resolve
from autograd_cli.contract.batch import Batch
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.keys import Value, show
from autograd_cli.contract.level import Level
from autograd_cli.contract.problem import Problem
from autograd_cli.errors import ConfigError
from autograd_cli.runs.record import RunRecord
from autograd_cli.runs.writer import RunWriter
from autograd_cli.training.loop import train

ROOT = Path(__file__).resolve().parent.parent
CELLS = [(task.name, row.name) for task in TASKS.values() for row in task.levels]

# What would change the output of the command line, were it set where the tests run.
_UNWANTED = {"COLUMNS", "LINES", "TERM", "FORCE_COLOR", "NO_COLOR", "PYTHONPATH", "PYTHONUNBUFFERED"}
_PATIENCE_S = 120


def config_of(task: str, impl: str, file: str | None = None, /, **keys: Value) -> RunConfig:
    """The configuration of a cell, from the file that comes with evo or another one, with keys changed."""
    settings = {"task": task, "impl": impl} | {name: show(value) for name, value in keys.items()}
    given = {name: Setting(text, f"argument '{name}={text}'") for name, text in settings.items()}
    return resolve(given, read_config_file(find_config(file)) if file else None)[1]


def config_from(*arguments: str, file: Path | None = None) -> RunConfig:
    """The configuration that KEY=VALUE arguments describe, before those of a file."""
    given = gather(map(parse_assignment, arguments))
    return resolve(given, read_config_file(file) if file else None)[1]


def cell_of(config: RunConfig) -> Cell:
    """What a configuration trains."""
    return find_cell(config.task, config.impl)


def problem_of(config: RunConfig) -> Problem:
    """The data and start of a configuration."""
    return cell_of(config).problems.make(config)


def level_of(config: RunConfig, problem: Problem | None = None) -> Level:
    """The level of a configuration, standing at its start, or at that of another problem."""
    return cell_of(config).make(config, problem)


def arrays(views: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Copies of parameters or gradients as NumPy arrays, in the dtype that they have."""
    return {
        name: np.array(array.detach().numpy() if hasattr(array, "detach") else array)
        for name, array in views.items()
    }


def losses_of(batches: Iterable[Batch]) -> list[float]:
    """All losses of a training."""
    return [loss for batch in batches for loss in batch.losses]


def trained_losses(config: RunConfig) -> list[float]:
    """The losses of a whole run, without a run directory."""
    return losses_of(train(level_of(config), config.steps))


def record_run(runs_dir: Path, name: str, losses: list[float], **keys: Value) -> RunRecord:
    """A run directory with these losses, a hundredth of a second apart, made by the real writer."""
    config = config_of(str(keys.pop("task", "sin")), str(keys.pop("impl", "numpy")), **keys)
    writer = RunWriter(runs_dir, config, name, {})
    if losses:
        writer.append(Batch(0, losses, [0.01 * step for step in range(len(losses))]))
    return writer.finish("completed")


def message_of(error: Any) -> str:
    """The message of a ConfigError that pytest has caught; it must be a single line."""
    assert isinstance(error.value, ConfigError)
    text = str(error.value)
    assert "\n" not in text
    return text


def environment(**extra: str) -> dict[str, str]:
    """The environment of a command under test: this checkout first, and no terminal settings."""
    clean = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
    return clean | {"PYTHONPATH": str(ROOT)} | extra


def command(*arguments: object) -> list[str]:
    """The command line `evo ARGUMENTS`, through this interpreter."""
    return [sys.executable, "-m", "autograd_cli", *map(str, arguments)]


def evo(*arguments: object, cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run `evo ARGUMENTS` in `cwd` with its output on pipes."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(**extra),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=_PATIENCE_S,
        check=False,
    )
