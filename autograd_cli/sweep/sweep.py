"""A sweep, from its plan to its outcomes."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import chain
from pathlib import Path

from autograd_cli.errors import ConfigError, unknown
from autograd_cli.runs.summary import RunSummary
from autograd_cli.sweep.events import Event, Finished, Note
from autograd_cli.sweep.gpus import choose_gpus
from autograd_cli.sweep.ledger import Index, Ledger
from autograd_cli.sweep.plan import Plan, PlannedRun
from autograd_cli.sweep.queue import Queue, Rerun
from autograd_cli.sweep.work import Crew, Job, on_gpu
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
        devices: numbers of GPUs, such as `0,1`; None for all.
        rerun: what to run although it is there.
        fail_fast: whether the first failed run ends the sweep.

    """

    engine: str = "auto"
    workers: int | None = None
    scheduler: str | None = None
    devices: str | None = None
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
        gpus: the GPUs for runs on `cuda`, one for each run at a time.
        workers: runs at a time that the cores allow, and the GPUs where all runs need one.
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
        configs = [run.config for run in plan.runs]
        self.gpus = choose_gpus(configs, options.devices, options.engine, options.scheduler)
        self.workers = min(wanted, fit)
        if self.gpus and all(config.device == "cuda" for config in configs):
            self.workers = min(self.workers, len(self.gpus))

    @property
    def has_failed(self) -> bool:
        """Whether any run has failed, now or earlier."""
        return any(outcome.status == "failed" for outcome in self.outcomes.values())

    @property
    def is_limited(self) -> bool:
        """Whether fewer workers run than were asked for, because they would share cores or GPUs."""
        return self.workers < (self.options.workers or 0)

    def preview(self) -> tuple[list[PlannedRun], int]:
        """What would run now, and how many runs are there already. Writes nothing."""
        index = Index(self.runs_dir)
        rerun = self.options.rerun
        left = [run for run in self.plan.runs if not rerun.leaves(rerun.find(index, run))]
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
            if queue.stale:
                yield Note(f"{queue.stale} runs are of other code, and run again (unless stale is keep)")
            if len(queue):
                parts.append((engine, queue))
        job = Job(self.runs_dir, self.plan.name, asked.read(), next(iter(self.gpus), None))
        crew = Crew(cores(), self.workers, self.options.scheduler, self.gpus)
        for engine, queue in parts:
            run: Engine = import_module(f"{__package__}.{engine}").run
            for event in run(queue, job, crew, interruption):
                yield from _found(queue)
                yield event
            yield from _found(queue)

    def parts(self, index: Index | None = None) -> list[tuple[str, Sequence[PlannedRun]]]:
        """The engines, in the order in which they work, and the runs of each."""
        if self.options.engine == "processes":
            return [("processes", runs) for runs in _by_device(self.plan.runs)]
        if self.options.engine != "auto":
            return [(self.options.engine, self.plan.runs)]
        batched = [run for run in self.plan.runs if run.cell.spec.batch_target]
        others = [run for run in self.plan.runs if not run.cell.spec.batch_target]
        rerun = self.options.rerun
        parts: list[tuple[str, Sequence[PlannedRun]]] = []
        for runs in _by_device(others):
            left = [run for run in runs if index is None or not rerun.leaves(rerun.find(index, run))]
            at_a_time = min(self.workers, len(left), len(self.gpus) if on_gpu(runs) else self.workers)
            parts.append(("processes" if at_a_time > 1 else "serial", runs))
        # Workers are forked before anything is computed here, which the batched engine does.
        return parts + ([("batched", batched)] if batched else [])


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


def _by_device(runs: Sequence[PlannedRun]) -> list[Sequence[PlannedRun]]:
    """Runs on the host, whose workers are forked, and then those on GPUs, which have fewer of them."""
    parts = [[run for run in runs if on_gpu([run]) == is_on_gpu] for is_on_gpu in (False, True)]
    return [part for part in parts if part]


def _found(queue: Queue) -> Iterator[Event]:
    found, queue.found = queue.found, []
    return chain(Finished(run, outcome) for run, outcome in found)
