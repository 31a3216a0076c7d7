"""Engine `processes`: a pool of worker processes that have torch imported once.

On Linux the workers are forked from this process after the import, which costs milliseconds a worker and
shares torch's memory. Forking is safe here because nothing has computed in this process, so no thread pool
has started. Elsewhere, and where CUDA is used, which does not survive a fork, workers start afresh. Each has
a GPU of its own then, and there are no more of them than GPUs.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, wait
from time import monotonic
from typing import Any, Protocol

from autograd_cli.runs.summary import RunSummary
from autograd_cli.sweep.endings import Endings
from autograd_cli.sweep.events import WAIT_S, Advanced, Event, Finished, Lost, Note, Started, Through
from autograd_cli.sweep.plan import PlannedRun
from autograd_cli.sweep.queue import Queue
from autograd_cli.sweep.work import (
    Crew,
    Job,
    Training,
    Unit,
    execute,
    on_gpu,
    record_failure,
    record_timeout,
    to_end,
)
from autograd_cli.training.signals import Interruption
from autograd_cli.training.threads import set_threads

_GOODBYE_S = 5.0
# How long a run may take to come to the end that it was asked for, before it counts as hanging.
GRACE_S = 2.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

# What a worker does with a unit of work: training that leads to the outcomes of its runs.
Execute = Callable[..., Training[list[RunSummary]]]


class Source(Protocol):
    """Where a pool's work comes from."""

    def __len__(self) -> int:
        """Runs that are left, as far as is known."""

    def take(self) -> Unit:
        """What one worker does next; nothing if there is nothing just now."""


def run(queue: Queue, job: Job, crew: Crew, interruption: Interruption) -> Iterator[Event]:
    """Run what the queue holds, on at most as many processes and threads as the crew has."""
    return run_units(_Singly(queue), execute_singly, queue, job, crew, interruption)


def run_units(
    source: Source, do: Execute, queue: Queue, job: Job, crew: Crew, interruption: Interruption
) -> Iterator[Event]:
    """Have workers `do` the units of `source`, whose runs come from the queue.

    The levels of the runs in the queue are imported before the workers are forked.
    """
    endings = Endings(job.runs_dir, queue)
    jobs = [replace(job, gpu=gpu) for gpu in crew.gpus] if on_gpu(queue.waiting) else [job] * crew.workers
    pool = _Pool(queue, jobs[: crew.workers], _context(queue.waiting), do, crew.cores, endings)
    try:
        while not interruption.is_asked and (len(source) or pool.busy):
            yield from pool.start(source)
            yield from pool.collect()
            yield from endings.collect()
        pool.stop()
        yield from _see_out(pool, interruption)
        yield from endings.collect(now=True)
    finally:
        endings.close()
        pool.end()


def _see_out(pool: "_Pool", interruption: Interruption) -> Iterator[Event]:
    """Wait for runs that were asked to end; one that does not is ended by whoever asked, or by us."""
    asked_s, is_told = monotonic(), False
    while pool.busy:
        yield from pool.collect(at_end=True)
        if pool.busy and not is_told and monotonic() - asked_s > GRACE_S:
            if interruption.signal is None:
                return  # a budget or a failure has ended the sweep, and nobody is there to insist
            is_told = True
            yield Note(f"waiting for the end of {pool.told()}; a second Ctrl-C ends it at once")


@dataclass
class _Singly:
    """A queue's runs, each a unit of its own."""

    queue: Queue

    def __len__(self) -> int:
        return len(self.queue)

    def take(self) -> Unit:
        planned = self.queue.take()
        return () if planned is None else (planned,)


def execute_singly(
    unit: Unit, job: Job, interruption: Interruption, **more: Any
) -> Training[list[RunSummary]]:
    """A unit's runs, one after another."""
    outcomes = []
    for planned in unit:
        outcomes.append((yield from execute(planned, job, interruption, **more)))
    return outcomes


def _context(runs: Sequence[PlannedRun]) -> Any:
    if sys.platform != "linux" or on_gpu(runs):
        return multiprocessing.get_context("spawn")
    set_threads(1)
    for cell in {(run.config.task, run.config.impl): run.cell for run in runs}.values():
        _ = cell.problems, cell.level_class, cell.spec.batch_target and cell.batch_class
    return multiprocessing.get_context("fork")


class _Worker:
    """A process, the pipe to it, the runs that it is at, since when, and where they are recorded."""

    def __init__(self, context: Any, job: Job, do: Execute) -> None:
        self.job = job
        self.pipe, theirs = context.Pipe()
        self.unit: Unit = ()
        self.since_s = 0.0
        self.paths: list[str] = []
        self.process = context.Process(target=_work, args=(theirs, self.pipe, job, do), daemon=True)
        # A signal to the whole group waits until the worker knows what to do with it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()

    def begin(self, unit: Unit) -> None:
        """Send it to work; raises OSError if it has died idle."""
        self.pipe.send(unit)
        self.unit, self.since_s, self.paths = unit, monotonic(), []

    def hangs(self) -> bool:
        """Whether its runs did not even end when their time was over."""
        timeout_s = self.job.timeout_s
        if not self.unit or timeout_s is None:
            return False
        return monotonic() - self.since_s > timeout_s * len(self.unit) + GRACE_S


class _Pool:
    """As many workers as there are jobs, one for each."""

    def __init__(
        self, queue: Queue, jobs: list[Job], context: Any, do: Execute, cores: int, endings: Endings
    ) -> None:
        self._queue, self._jobs, self._context, self._do = queue, jobs, context, do
        self._cores, self._size, self._endings = cores, len(jobs), endings
        self._workers: list[_Worker] = []
        self._held: Unit = ()  # taken, and waiting until enough cores are free

    @property
    def busy(self) -> bool:
        """Whether some run is being executed."""
        return bool(self._held) or any(worker.unit for worker in self._workers)

    def told(self) -> str:
        """The runs that are being executed, in words."""
        runs = [run for worker in self._workers for run in worker.unit]
        return runs[0].label if len(runs) == 1 else f"{len(runs)} runs"

    def start(self, source: Source) -> Iterator[Event]:
        """Give runs to idle workers while cores are free."""
        while sum(bool(worker.unit) for worker in self._workers) < self._size:
            unit = self._held = self._held or source.take()
            used = sum(worker.unit[0].config.threads for worker in self._workers if worker.unit)
            if not unit or (used and used + unit[0].config.threads > self._cores):
                return
            worker = next((w for w in self._workers if not w.unit), None)
            if worker is None:
                worker = _Worker(self._context, self._jobs.pop(0), self._do)
                self._workers.append(worker)
            try:
                worker.begin(unit)
            except OSError:  # it died idle
                self._remove(worker)
                continue
            self._held = ()
            yield from (Started(run) for run in unit)

    def collect(self, *, at_end: bool = False) -> Iterator[Event]:
        """Wait a moment for results."""
        if at_end:
            for run in reversed(self._held):
                self._queue.give_back(run)
            self._held = ()
        pipes: dict[object, _Worker] = {worker.pipe: worker for worker in self._workers if worker.unit}
        ready = wait(list(pipes), WAIT_S) if pipes else []  # type: ignore[arg-type]
        for worker in (pipes[pipe] for pipe in ready):
            try:
                said: int | list[str] | list[RunSummary] = worker.pipe.recv()
            except (EOFError, OSError):
                yield from self._lose(worker)
                continue
            if isinstance(said, int):
                yield Advanced(worker.unit, said)
            elif isinstance(said[0], str):
                worker.paths = [str(path) for path in said]
            else:
                yield from self._take(worker, [end for end in said if isinstance(end, RunSummary)], at_end)
        for worker in [worker for worker in self._workers if worker.hangs()]:
            yield from self._time_out(worker)
        if not ready:
            yield None

    def _take(self, worker: _Worker, outcomes: list[RunSummary], at_end: bool) -> Iterator[Event]:
        if not at_end and any(outcome.status == "interrupted" for outcome in outcomes):
            yield from self._lose(worker)  # somebody ended the worker, but not the sweep
            return
        unit, worker.unit = worker.unit, ()
        for run, outcome in zip(unit, outcomes, strict=True):
            self._endings.add(run, outcome)
            yield Through(run)

    def _lose(self, worker: _Worker) -> Iterator[Event]:
        self._remove(worker)
        end = _describe_end(worker.process.exitcode)
        for run in reversed(worker.unit):
            reason = self._queue.lose(run, end)
            if reason is None:
                yield Lost(run)
            else:
                yield Finished(run, record_failure(run, worker.job, reason))

    def _time_out(self, worker: _Worker) -> Iterator[Event]:
        worker.process.kill()
        self._remove(worker)
        for i, run in enumerate(worker.unit):
            path = worker.paths[i] if i < len(worker.paths) else ""
            outcome = record_timeout(run, worker.job, path or None)
            self._queue.finish(run)
            yield Finished(run, outcome)

    def _remove(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        self._jobs.append(worker.job)
        worker.pipe.close()
        worker.process.join(_GOODBYE_S)

    def stop(self) -> None:
        """Ask workers to bring their runs to an early end, and then to leave."""
        for worker in self._workers:
            if worker.unit and worker.process.pid:
                worker.process.terminate()

    def end(self) -> None:
        """See every worker off; those that do not go are killed."""
        for worker in self._workers:
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(0 if worker.unit else _GOODBYE_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def _work(pipe: Connection, parents_end: Connection, job: Job, do: Execute) -> None:
    """A worker's life: runs come in, outcomes go out, until the pipe is closed or a signal comes."""
    parents_end.close()
    parent = os.getppid()
    endings = Endings(job.runs_dir)  # it only keeps the locks: the sweep settles what its workers have done
    _die_with_parent()
    # SIGTERM comes twice where a service manager tells the whole group, and the sweep its workers.
    with Interruption(second_stops=False) as interruption:
        # Ctrl-C reaches the whole group of processes; the sweep decides what its workers do.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        while not interruption.is_asked:
            try:
                unit: Unit = pipe.recv()
                if os.getppid() != parent:
                    return
                training = do(unit, job, interruption, begun=pipe.send, parent=parent, endings=endings)
                pipe.send(to_end(training, pipe.send))
            except (EOFError, OSError):
                return


def _die_with_parent() -> None:
    """Have the system kill this worker when the sweep is killed, even if the run hangs.

    What the run has written by then reads as interrupted. Other systems than Linux lack this; there a run
    ends at its next batch of losses.
    """
    if sys.platform == "linux":
        import ctypes  # only workers need it

        set_parent_death_signal = 1  # PR_SET_PDEATHSIG
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def _describe_end(code: int | None) -> str:
    if code is not None and code < 0:
        return f"by signal {-code}"
    return f"with exit code {code}"
