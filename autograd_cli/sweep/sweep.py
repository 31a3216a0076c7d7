"""A sweep, from its plan to its outcomes."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib import import_module
from itertools import chain
from pathlib import Path
from shlex import quote
from typing import TypeVar

from autograd_cli.config.files import Setting
from autograd_cli.config.values import RUNS_MAX, parse_duration
from autograd_cli.errors import ConfigError, RunError, unknown
from autograd_cli.runs.folder import DONE, HALF_DONE, read_folder, superseded
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import RECORD
from autograd_cli.runs.summary import RunSummary
from autograd_cli.sweep.events import Event, Finished, Note
from autograd_cli.sweep.gpus import choose_gpus
from autograd_cli.sweep.ledger import Index, Ledger
from autograd_cli.sweep.plan import Complaints, Plan, PlannedRun, make_plan
from autograd_cli.sweep.queue import Queue, Rerun
from autograd_cli.sweep.request import Request
from autograd_cli.sweep.work import Crew, Job, on_gpu
from autograd_cli.training.cores import cores
from autograd_cli.training.environment import GitState
from autograd_cli.training.signals import Interruption

T = TypeVar("T")

# What an engine is: runs what the queue holds, and tells of each run as it starts and ends.
Engine = Callable[[Queue, Job, Crew, Interruption], Iterator[Event]]

# Each is a module beside this one, imported when it is chosen: dask and multiprocessing are not for all.
ENGINES = ("auto", "serial", "processes", "batched", "dask")
_FAILURES = ("failed", "timed out")


@dataclass(frozen=True)
class Options:
    """How a sweep is carried out; none of it changes a loss.

    Attributes:
        engine: one of `ENGINES`.
        workers: processes at a time; None for as many as the cores allow.
        scheduler: address of a Dask scheduler; None for a local cluster.
        devices: numbers of GPUs, such as `0,1`; None for all.
        timeout_s: seconds that a run may take.
        budget_s: seconds that the sweep may take.
        rerun: what to run although it is there.
        fail_fast: whether the first failed run ends the sweep.
        group: whether its runs have a folder of their own in the folder of runs, with the sweep's name.

    """

    engine: str = "auto"
    workers: int | None = None
    scheduler: str | None = None
    devices: Setting | None = None
    timeout_s: float | None = None
    budget_s: float | None = None
    rerun: Rerun = field(default_factory=Rerun)
    fail_fast: bool = False
    group: bool = False


def read_options(given: Mapping[str, Setting], complaints: Complaints) -> Options:
    """What the command line or a sweep's file says of how to carry it out; mistakes go to `complaints`."""
    engine, scheduler = given.get("engine"), given.get("scheduler")
    name = engine.text if engine else "auto"
    if engine and name not in ENGINES:
        complaints.add(unknown("engine", name, ENGINES, engine.where, key=_key("engine", engine)))
    elif scheduler and name not in ("auto", "dask"):
        message = f"{scheduler.where}: engine '{name}' has no scheduler; only dask has one"
        complaints.add(ConfigError(message, key=_key("scheduler", scheduler)))
    return Options(
        "dask" if scheduler else name,
        _parse("workers", given, _parse_count, "a whole number, 1 or more", complaints),
        scheduler.text if scheduler else None,
        given.get("devices"),
        _parse("timeout", given, parse_duration, _A_TIME, complaints),
        _parse("budget", given, parse_duration, _A_TIME, complaints),
        group=_parse("group", given, _parse_switch, "true or false", complaints) or False,
    )


_A_TIME = "a time above 0, such as 30s, 5m, 2h, or 90 for seconds"


def _parse(
    key: str,
    given: Mapping[str, Setting],
    parse: Callable[[str], T],
    allowed: str,
    complaints: Complaints,
) -> T | None:
    setting = given.get(key)
    if setting is None:
        return None
    try:
        return parse(setting.text)
    except ValueError:
        message = f"{setting.where}: {key} is '{setting.text}'; it must be {allowed}"
        complaints.add(ConfigError(message, key=_key(key, setting)))
        return None


def _parse_count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= RUNS_MAX):
        raise ValueError(text)
    return int(text)


def _parse_switch(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def _key(key: str, setting: Setting) -> str | None:
    """The argument that a message begins with, unless a file's line stands there."""
    return key if setting.where == key else None


def make_sweep(request: Request, rerun: Rerun, *, fail_fast: bool = False) -> "Sweep":
    """The sweep that is asked for, ready to run in its folder, `runs` where none is named.

    Raises:
        ConfigError: with everything that is wrong with it.

    """
    complaints = Complaints()
    options = replace(read_options(request.options, complaints), rerun=rerun, fail_fast=fail_fast)
    try:
        plan = make_plan(request)
    except ConfigError as error:
        complaints.add(error)
    complaints.raise_any()
    named = request.options.get("runs_dir")
    folder = Path(named.text if named else "runs")
    if options.group:
        folder = _group(folder, plan.name)
    _check_names(plan, folder)
    return Sweep(plan, folder, options)


def _group(folder: Path, name: str) -> Path:
    """The folder in the folder of runs that has the sweep's name.

    Raises:
        ConfigError: a run has the name.

    """
    group = folder / name
    if (group / RECORD).exists():
        raise ConfigError(f"group: {group} is a run, and cannot hold the sweep's runs", key="group")
    return group


def _check_names(plan: Plan, folder: Path) -> None:
    """Refuse names that something else has; a run of the same configuration is of this sweep, or as good.

    Raises:
        ConfigError: one is taken.

    """
    for run in plan.runs:
        if run.name is None or not (folder / run.name).exists():
            continue
        try:
            is_same = read_run(folder / run.name).config_digest == run.digest
        except RunError:
            is_same = False
        if not is_same:
            raise ConfigError(f"name: {folder / run.name} exists already, and is another run", key="name")


class Sweep:
    """A sweep over a folder of runs.

    Attributes:
        plan: the runs.
        outcomes: how each run ended, by its index; grows while `run` goes on.
        gpus: the GPUs for runs on `cuda`, one for each run at a time.
        workers: runs at a time that the cores allow, and the GPUs where all runs need one.
        gave_up: whether a failed run has ended it.
        used_up: whether its budget was over before its runs were done.

    """

    def __init__(self, plan: Plan, runs_dir: Path, options: Options) -> None:
        """Check that the engine can do the plan.

        Raises:
            ConfigError: it cannot, or the device is not there.

        """
        self.plan, self.runs_dir, self.options = plan, runs_dir, options
        self.outcomes: dict[int, RunSummary] = {}
        self.gave_up = self.used_up = False
        _check(plan, options)
        # Where runs want different numbers of threads, the engine sees that they fit together.
        fit = max(cores() // min(run.config.threads for run in plan.runs), 1)
        self.workers = min(options.workers or fit, fit)
        configs = [run.config for run in plan.runs]
        self.gpus = choose_gpus(configs, options.devices, options.engine, options.scheduler)
        if self.gpus and all(config.device == "cuda" for config in configs):
            self.workers = min(self.workers, len(self.gpus))

    @property
    def has_failed(self) -> bool:
        """Whether any run has failed or timed out, now or earlier."""
        return any(outcome.status in _FAILURES for outcome in self.outcomes.values())

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
            EvoError: the cluster is gone.

        """
        if self.options.budget_s is not None:
            interruption.stop_after(self.options.budget_s)
        asked = GitState()
        ledger = Ledger(self.runs_dir)
        half = {run.index for run in self.plan.runs if _is_half_done(ledger.index.find(run.digest))}
        try:
            for event in self._events(ledger, asked, interruption):
                if isinstance(event, Finished):
                    self.outcomes[event.run.index] = event.outcome
                    has_failed = event.outcome.status in _FAILURES and event.outcome.is_new
                    if self.options.fail_fast and has_failed:
                        self.gave_up = True
                        interruption.stop()
                yield event
            ended = sum(outcome.status != "interrupted" for outcome in self.outcomes.values())
            left = len(self.plan.runs) - ended
            if interruption.is_late and interruption.signal is None and not self.gave_up and left:
                self.used_up = True
                yield Note(f"the budget is used up: {left} runs are left for the same command, given again")
            if any(self.outcomes[i].status in DONE for i in half & self.outcomes.keys()):
                yield from _offer(self.runs_dir)
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
        options, gpu = self.options, next(iter(self.gpus), None)
        job = Job(self.runs_dir, self.plan.name, asked.read(), gpu=gpu, timeout_s=options.timeout_s)
        crew = Crew(cores(), self.workers, options.scheduler, self.gpus)
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
        parts: list[tuple[str, Sequence[PlannedRun]]] = []
        for runs in _by_device(others):
            at_a_time = min(
                self.workers, self._left(runs, index), len(self.gpus) if on_gpu(runs) else self.workers
            )
            parts.append(("processes" if at_a_time > 1 else "serial", runs))
        if not batched:
            return parts
        # Workers are forked before anything is computed here, as serial does, and a batch without workers.
        is_shared = self.workers > 1 and self._left(batched, index) > 1 and not on_gpu(batched)
        return [("batched", batched), *parts] if is_shared else [*parts, ("batched", batched)]

    def _left(self, runs: Sequence[PlannedRun], index: Index | None) -> int:
        """How many of the runs are to be made."""
        rerun = self.options.rerun
        return sum(index is None or not rerun.leaves(rerun.find(index, run)) for run in runs)


def _is_half_done(known: RunSummary | None) -> bool:
    return known is not None and known.status in HALF_DONE


def _offer(folder: Path) -> Iterator[Note]:
    """Say what may go from a folder of runs, and how."""
    with suppress(RunError):
        if count := len(superseded(read_folder(folder)[0])):
            runs = "1 half done run has" if count == 1 else f"{count} half done runs have"
            yield Note(f"{runs} been completed since: evo rm {quote(str(folder))} --superseded")


def _check(plan: Plan, options: Options) -> None:
    others = dict.fromkeys(run.config.impl for run in plan.runs if not run.cell.spec.batch_target)
    if options.engine == "batched" and others:
        tasks = {run.cell.task.name: run.cell.task for run in plan.runs}.values()
        able = dict.fromkeys(f"'{spec.name}'" for task in tasks for spec in task.levels if spec.batch_target)
        raise ConfigError(
            f"engine: batched computes runs of {', '.join(able) or 'no level'} only, and the sweep has "
            f"{', '.join(others)}; choose another level or another engine",
            key="engine",
        )


def _by_device(runs: Sequence[PlannedRun]) -> list[Sequence[PlannedRun]]:
    """Runs on the host, whose workers are forked, and then those on GPUs, which have fewer of them."""
    parts = [[run for run in runs if on_gpu([run]) == is_on_gpu] for is_on_gpu in (False, True)]
    return [part for part in parts if part]


def _found(queue: Queue) -> Iterator[Event]:
    found, queue.found = queue.found, []
    notes, queue.notes = queue.notes, []
    return chain((Finished(run, outcome) for run, outcome in found), map(Note, notes))
