"""A sweep, from its plan to its outcomes."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import chain
from pathlib import Path

from autograd_cli.errors import ConfigError, unknown
from autograd_cli.runs.summary import RunSummary
from autograd_cli.sweep.events import Event, Finished
from autograd_cli.sweep.ledger import Index, Ledger
from autograd_cli.sweep.plan import Plan, PlannedRun
from autograd_cli.sweep.queue import Queue, Rerun
from autograd_cli.sweep.work import Crew, Job
from autograd_cli.training.device import check_device
from autograd_cli.training.environment import GitState
from autograd_cli.training.signals import Interruption

# What an engine is: runs what the queue holds, and tells of each run as it starts and ends.
Engine = Callable[[Queue, Job, Crew, Interruption], Iterator[Event]]

# Each is a module beside this one, imported when it is chosen: dask and multiprocessing are not for all.
ENGINES = ("auto", "serial", "processes", "batched", "dask")


@dataclass(frozen=True)
class Options:
    """How a sweep is carried out; none of it changes a loss.

    Attributes:
        engine: one of `ENGINES`.
        workers: processes at a time; None for as many as the cores allow.
        scheduler: address of a Dask scheduler; None for a local cluster.
        rerun: what to run although it is there.
        fail_fast: whether the first failed run ends the sweep.

    """

    engine: str = "auto"
    workers: int | None = None
    scheduler: str | None = None
    rerun: Rerun = field(default_factory=Rerun)
    fail_fast: bool = False


def cores() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


class Sweep:
    """A sweep over a folder of runs.

    Attributes:
        plan: the runs.
        outcomes: how each run ended, by its index; grows while `run` goes on.
        workers: runs at a time that the cores allow.
        gave_up: whether a failed run has ended it.

    """

    def __init__(self, plan: Plan, runs_dir: Path, options: Options) -> None:
        """Check that the engine can do the plan.

        Raises:
            ConfigError: it cannot, or the device is not there.

        """
        self.plan, self.runs_dir, self.options = plan, runs_dir, options
        self.outcomes: dict[int, RunSummary] = {}
        self.gave_up = False
        _check(plan, options)
        threads = max(run.config.threads for run in plan.runs)
        fit = max(cores() // min(run.config.threads for run in plan.runs), 1)
        wanted = options.workers or max(cores() // threads, 1)
        self.workers = min(wanted, fit)

    @property
    def has_failed(self) -> bool:
        """Whether any run has failed, now or earlier."""
        return any(outcome.status == "failed" for outcome in self.outcomes.values())

    @property
    def is_limited(self) -> bool:
        """Whether fewer workers run than were asked for, because the cores would be oversubscribed."""
        return self.workers < (self.options.workers or 0)

    def preview(self) -> tuple[list[PlannedRun], int]:
        """What would run now, and how many runs are there already. Writes nothing."""
        index = Index(self.runs_dir)
        leaves = self.options.rerun.leaves
        left = [run for run in self.plan.runs if not leaves(index.find(run.digest))]
        return left, len(self.plan.runs) - len(left)

    def run(self, interruption: Interruption) -> Iterator[Event]:
        """Carry the sweep out, telling of each run as it starts and ends.

        Raises:
            ConfigError: the runs folder cannot be written, or there is no cluster.

        """
        asked = GitState()
        ledger = Ledger(self.runs_dir)
        try:
            for event in self._events(ledger, asked, interruption):
                if isinstance(event, Finished):
                    self.outcomes[event.run.index] = event.outcome
                    if self.options.fail_fast and event.outcome.status == "failed":
                        self.gave_up = True
                        interruption.stop()
                yield event
        finally:
            ledger.close()

    def _events(self, ledger: Ledger, asked: GitState, interruption: Interruption) -> Iterator[Event]:
        parts = []
        for engine, runs in self.parts(ledger.index):
            queue = Queue(runs, ledger, self.options.rerun)
            yield from _found(queue)
            if len(queue):
                parts.append((engine, queue))
        job = Job(self.runs_dir, self.plan.name, asked.read())
        crew = Crew(cores(), self.workers, self.options.scheduler)
        for engine, queue in parts:
            run: Engine = import_module(f"{__package__}.{engine}").run
            for event in run(queue, job, crew, interruption):
                yield from _found(queue)
                yield event
            yield from _found(queue)

    def parts(self, index: Index | None = None) -> list[tuple[str, Sequence[PlannedRun]]]:
        """The engines, in the order in which they work, and the runs of each."""
        if self.options.engine != "auto":
            return [(self.options.engine, self.plan.runs)]
        batched = [run for run in self.plan.runs if run.cell.spec.batch_target]
        others = [run for run in self.plan.runs if not run.cell.spec.batch_target]
        leaves = self.options.rerun.leaves
        left = [run for run in others if index is None or not leaves(index.find(run.digest))]
        engine = "processes" if self.workers > 1 and len(left) > 1 else "serial"
        # Workers are forked before anything is computed here, which the batched engine does.
        return [(name, runs) for name, runs in ((engine, others), ("batched", batched)) if runs]


def _check(plan: Plan, options: Options) -> None:
    if options.engine not in ENGINES:
        raise unknown("engine", options.engine, ENGINES, key="engine")
    if options.scheduler is not None and options.engine != "dask":
        raise ConfigError("scheduler: only engine dask has a scheduler", key="scheduler")
    if options.workers is not None and options.workers < 1:
        raise ConfigError(f"workers: {options.workers}; it must be 1 or more", key="workers")
    others = dict.fromkeys(run.config.impl for run in plan.runs if not run.cell.spec.batch_target)
    if options.engine == "batched" and others:
        raise ConfigError(
            "engine: batched computes runs of the level 'batched' only, and the sweep has "
            f"{', '.join(others)}; choose impl=batched or another engine",
            key="engine",
        )
    if options.engine != "dask":  # a cluster may have what this machine lacks
        on_gpu = next((run.config for run in plan.runs if run.config.device == "cuda"), None)
        if on_gpu:
            check_device(on_gpu)


def _found(queue: Queue) -> Iterator[Event]:
    found, queue.found = queue.found, []
    return chain(Finished(run, outcome) for run, outcome in found)
