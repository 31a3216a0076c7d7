"""Train one run."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from os import PathLike
from pathlib import Path
from signal import SIGINT
from typing import TYPE_CHECKING, Any

from autograd_cli.api.given import Config, Given, LevelName, classes_in, file_of, level_of, settings_of
from autograd_cli.api.runs import Run, in_memory
from autograd_cli.catalogue.cell import Cell
from autograd_cli.config.files import Setting
from autograd_cli.config.resolve import resolve
from autograd_cli.contract.batch import Batch
from autograd_cli.contract.config import RunConfig
from autograd_cli.errors import EvoError
from autograd_cli.runs.memory import MemoryWriter
from autograd_cli.runs.naming import fill, is_template
from autograd_cli.training.run import prepare
from autograd_cli.training.signals import Interruption

if TYPE_CHECKING:
    from autograd_cli.predict.model import TrainedModel


def train(
    task: str | Setting | None = None,
    impl: LevelName | None = None,
    *,
    config: Config | None = None,
    runs_dir: str | PathLike[str] | None = "runs",
    name: str | None = None,
    trust: bool = False,
    on_load: Callable[[RunConfig], None] | None = None,
    on_start: Callable[[RunConfig], None] | None = None,
    on_batch: Callable[[Batch], None] | None = None,
    interruption: Interruption | None = None,
    **keys: Given,
) -> Run:
    """Train one implementation of one task, and record the run.

    Args:
        task: name of the task; may stand in `config`.
        impl: name of the level, `FILE.py:Class`, or a class with the three verbs; a name may stand in
            `config`.
        config: what the keys stand before: a shipped configuration's name, a YAML file, a run directory, a
            mapping, or the `config` of another run.
        runs_dir: the folder for run directories; None keeps the run in memory alone.
        name: the run directory's name, in place of one made of time, task, level and seed; `lr{lr}-s{seed}`
            is filled from the configuration.
        trust: whether to run the code that a run named by `config` has kept, where it is no file of yours.
        on_load: called once with the configuration, before the level's framework is imported, which may take
            seconds.
        on_start: called once with the configuration, when everything is ready to start.
        on_batch: called a few times a second with what was recorded.
        interruption: ends the run early, as its owner asks. By default Ctrl-C does, in the main thread: the
            run is then brought to a readable end before KeyboardInterrupt is raised.
        keys: any key of the task: `lr=1e-4, seed=3`.

    Raises:
        ConfigError: an argument that cannot be used; the message begins with its name. Nothing was written.
        EvoError: the run has failed; its directory says why, too.

    """
    given = settings_of({"task": task, "impl": level_of(impl), **keys})
    cell, resolved = resolve(given, file_of(config, given, trust=trust), classes_in(impl))
    if is_template(name):
        name = fill(str(name), resolved.to_dict())
    if on_load:
        on_load(resolved)
    experiment = prepare(cell, resolved, None if runs_dir is None else Path(runs_dir), name)
    if on_start:
        on_start(resolved)
    with nullcontext(interruption) if interruption else Interruption((SIGINT,)) as asked:
        for (batch,) in experiment.run(asked):
            if on_batch:
                on_batch(batch)
    if interruption is None and asked.signal is not None:
        raise KeyboardInterrupt
    record = experiment.record
    if record.status == "failed":
        raise EvoError(str(record.error))
    writer = experiment.recordings[0].writer
    if isinstance(writer, MemoryWriter):
        return in_memory(record, writer.losses, writer.elapsed_s, _model(cell, resolved, writer.parameters))
    return Run(record)


def _model(cell: Cell, config: RunConfig, parameters: Mapping[str, Any]) -> "TrainedModel | None":
    if not parameters:
        return None
    from autograd_cli.predict.model import TrainedModel  # NumPy waits for its number of threads

    signature = cell.problems.signature(cell.model, config)
    return TrainedModel(cell, config, cell.model, signature, dict(parameters))
