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
from collections.abc import Iterator, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from typing import Any

from autograd_cli.sweep.endings import Endings
from autograd_cli.sweep.events import WAIT_S, Event, Finished, Lost, Started
from autograd_cli.sweep.plan import PlannedRun
from autograd_cli.sweep.queue import ATTEMPTS, Queue
from autograd_cli.sweep.work import Crew, Job, execute, on_gpu, record_failure
from autograd_cli.training.signals import Interruption
from autograd_cli.training.threads import set_threads

_GOODBYE_S = 5.0


def run(queue: Queue, job: Job, crew: Crew, interruption: Interruption) -> Iterator[Event]:
    """Run what the queue holds, on at most as many processes and threads as the crew has.

    The levels of the runs in the queue are imported before the workers are forked.
    """
    endings = Endings(job.runs_dir, queue)
    jobs = [replace(job, gpu=gpu) for gpu in crew.gpus] if on_gpu(queue.waiting) else [job] * crew.workers
    pool = _Pool(jobs[: crew.workers], _context(queue.waiting), crew.cores, endings)
    try:
        while not interruption.is_asked and (len(queue) or pool.busy):
            yield from pool.start(queue)
            yield from pool.collect(queue)
            yield from endings.collect()
        pool.stop()
        while pool.busy:
            yield from pool.collect(queue, at_end=True)
        yield from endings.collect(now=True)
    finally:
        endings.close()
        pool.end()


def _context(runs: Sequence[PlannedRun]) -> Any:
    if sys.platform != "linux" or on_gpu(runs):
        return multiprocessing.get_context("spawn")
    set_threads(1)
    for cell in {(run.config.task, run.config.impl): run.cell for run in runs}.values():
        _ = cell.problems, cell.level_class
    return multiprocessing.get_context("fork")


class _Worker:
    """A process, the pipe to it, and the run that it is at."""

    def __init__(self, context: Any, job: Job) -> None:
        self.job = job
        self.pipe, theirs = context.Pipe()
        self.run: PlannedRun | None = None
        self.process = context.Process(target=_work, args=(theirs, self.pipe, job), daemon=True)
        self.process.start()
        theirs.close()


class _Pool:
    """As many workers as there are jobs, one for each."""

    def __init__(self, jobs: list[Job], context: Any, cores: int, endings: Endings) -> None:
        self._jobs, self._context, self._cores = jobs, context, cores
        self._size, self._endings = len(jobs), endings
        self._workers: list[_Worker] = []
        self._held: PlannedRun | None = None  # taken, and waiting until enough cores are free

    @property
    def busy(self) -> bool:
        """Whether some run is being executed."""
        return self._held is not None or any(worker.run for worker in self._workers)

    def start(self, queue: Queue) -> Iterator[Event]:
        """Give runs to idle workers while cores are free."""
        while sum(worker.run is not None for worker in self._workers) < self._size:
            run = self._held or queue.take()
            self._held = run
            used = sum(worker.run.config.threads for worker in self._workers if worker.run)
            if run is None or (used and used + run.config.threads > self._cores):
                return
            worker = next((w for w in self._workers if w.run is None), None)
            if worker is None:
                worker = _Worker(self._context, self._jobs.pop(0))
                self._workers.append(worker)
            try:
                worker.pipe.send(run)
            except OSError:  # it died idle
                self._remove(worker)
                continue
            worker.run, self._held = run, None
            yield Started(run)

    def collect(self, queue: Queue, *, at_end: bool = False) -> Iterator[Event]:
        """Wait a moment for results."""
        if at_end and self._held:
            queue.give_back(self._held)
            self._held = None
        pipes: dict[object, _Worker] = {worker.pipe: worker for worker in self._workers if worker.run}
        ready = wait(list(pipes), WAIT_S) if pipes else []  # type: ignore[arg-type]
        for worker in (pipes[pipe] for pipe in ready):
            run = worker.run
            assert run is not None
            try:
                outcome = worker.pipe.recv()
            except (EOFError, OSError):
                yield from self._lose(worker, run, queue)
                continue
            if outcome.status == "interrupted" and not at_end:  # somebody ended the worker, but not the sweep
                yield from self._lose(worker, run, queue)
                continue
            worker.run = None
            self._endings.add(run, outcome)
        if not ready:
            yield None

    def _lose(self, worker: _Worker, run: PlannedRun, queue: Queue) -> Iterator[Event]:
        self._remove(worker)
        if queue.lose(run):
            yield Lost(run)
            return
        end = _describe_end(worker.process.exitcode)
        outcome = record_failure(run, worker.job, f"its worker process died {ATTEMPTS} times, at last {end}")
        queue.finish(run)
        yield Finished(run, outcome)

    def _remove(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        self._jobs.append(worker.job)
        worker.pipe.close()
        worker.process.join(_GOODBYE_S)

    def stop(self) -> None:
        """Ask workers to bring their runs to an early end, and then to leave."""
        for worker in self._workers:
            if worker.run and worker.process.pid:
                worker.process.terminate()

    def end(self) -> None:
        """See every worker off; those that do not go are killed."""
        for worker in self._workers:
            worker.pipe.close()
        for worker in self._workers:
            worker.process.join(0 if worker.run else _GOODBYE_S)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()


def _work(pipe: Connection, parents_end: Connection, job: Job) -> None:
    """A worker's life: runs come in, outcomes go out, until the pipe is closed or a signal comes."""
    parents_end.close()
    parent = os.getppid()
    endings = Endings(job.runs_dir)  # it only keeps the locks: the sweep settles what its workers have done
    with Interruption() as interruption:
        # Ctrl-C reaches the whole group of processes; the sweep decides what its workers do.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while not interruption.is_asked:
            try:
                run: PlannedRun = pipe.recv()
                if os.getppid() != parent:
                    return
                outcome = execute(run, job, interruption, parent, endings)
                pipe.send(outcome)
            except (EOFError, OSError):
                return


def _describe_end(code: int | None) -> str:
    if code is not None and code < 0:
        return f"by signal {-code}"
    return f"with exit code {code}"
