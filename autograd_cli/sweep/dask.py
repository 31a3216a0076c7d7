"""Engine `dask`: workers of a Dask cluster, which may share no disk with this machine.

A worker trains into a folder of its own and sends the run directory's files back; here they are put in
place whole. Workers need evo installed, and should have one thread each: Dask counts threads, not cores.

Which worker gets which run is decided here, not by Dask: so a worker that cannot set runs up gets none, and a
run that ends its worker is known for it.
"""

import asyncio
import logging
import os
import pickle
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from time import monotonic
from typing import Any

from autograd_cli.catalogue.blame import describe
from autograd_cli.errors import ConfigError, EvoError
from autograd_cli.runs.disk import sync_file, sync_folder
from autograd_cli.runs.nursery import hidden_folder
from autograd_cli.runs.summary import RunSummary
from autograd_cli.sweep.events import WAIT_S, Event, Finished, Lost, Note, Started
from autograd_cli.sweep.ledger import note_done
from autograd_cli.sweep.plan import PlannedRun
from autograd_cli.sweep.queue import ATTEMPTS, Queue
from autograd_cli.sweep.remote import Answer, Check, Order, Parcel, Ready, Refusal, Source, pack, stop
from autograd_cli.sweep.work import Crew, Job, record_failure
from autograd_cli.training.signals import Interruption
from autograd_cli.version import __version__

# Until a scheduler has answered, or a cluster's own commands have.
_ANSWER_S = 4.0
_TELL_S = 1.0
# How often to look which workers there are.
_LOOK_S = 0.5
# Runs that wait on the cluster for each thread there, so that no worker waits for us.
_AHEAD = 2
_SAY_NO_WORKERS_S = 2.0
_NO_WORKERS_S = 60.0
# How long runs may take to come to the end that they were asked for, and their files to come back.
_GRACE_S = 5.0


def run(queue: Queue, job: Job, crew: Crew, interruption: Interruption) -> Iterator[Event]:
    """Run what the queue holds on the cluster at the crew's scheduler, or on a local one of as many workers.

    Raises:
        ConfigError: Dask is not installed, no scheduler answers, or no worker comes.
        EvoError: the scheduler is gone, or no worker is left that can do the runs.

    """
    with ExitStack() as stack:
        client = _connect(crew, interruption, stack)
        if client is None:
            return
        cluster = _Cluster(client, crew.scheduler or "the local cluster", queue, job)
        try:
            while not interruption.is_asked and (len(queue) or cluster.is_busy):
                yield from cluster.look()
                yield from cluster.submit()
                yield from cluster.collect()
            if cluster.is_busy:
                yield from cluster.wind_down()
        finally:
            cluster.cancel()


def receive(parcel: Parcel, run: PlannedRun, job: Job) -> RunSummary:
    """Put a run directory that came over the wire into the runs folder, all of it or nothing."""
    if parcel.name is None:
        return record_failure(run, job, parcel.outcome.reason or "no run directory came back")
    path = job.runs_dir / Path(parcel.name).name
    try:
        with hidden_folder(job.runs_dir) as incoming:
            for name, content in parcel.files.items():
                file = incoming / Path(name).name
                file.write_bytes(content)
                sync_file(file)
            sync_folder(incoming)
            incoming.rename(path)  # fails if it exists: run directories are never empty
        sync_folder(job.runs_dir)
    except OSError as error:
        return RunSummary("failed", reason=f"{job.runs_dir}: cannot write the run: {error.strerror}")
    if parcel.outcome.status != "interrupted":
        note_done(job.runs_dir, [(run.digest, str(path))])
    return replace(parcel.outcome, path=str(path))


def _connect(crew: Crew, interruption: Interruption, stack: ExitStack) -> Any:
    """A client of the cluster; None if somebody asked for an early end meanwhile."""
    try:
        import distributed  # an optional extra, and a second to import
    except ImportError:
        raise ConfigError(
            "engine: dask is not installed; pip install 'autograd-cli[cluster]'", key="engine"
        ) from None
    stack.enter_context(_hushed())
    if crew.scheduler is None:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="evo-", ignore_cleanup_errors=True))
        # Ctrl-C reaches the whole group of processes. Workers inherit that they ignore it.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            cluster = distributed.LocalCluster(
                n_workers=crew.workers,
                threads_per_worker=1,
                dashboard_address=None,
                # Without a dashboard, too, the scheduler listens for HTTP, and warns of a port that is taken.
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                silence_logs=50,
                local_directory=folder,
            )
        finally:
            signal.signal(signal.SIGINT, handler)
        stack.callback(cluster.close, timeout=_ANSWER_S)
        client = distributed.Client(cluster)
        stack.callback(client.close, timeout=1)
        return client
    try:
        found = asyncio.run(_ask_who_it_is(crew.scheduler, interruption))
        if found is None:
            return None
        if found.get("type") != "Scheduler":
            raise ValueError(f"a Dask {str(found.get('type', 'server')).lower()} is there")
        client = distributed.Client(crew.scheduler, timeout=_ANSWER_S)
    except Exception as error:  # whatever is there may answer anything
        why = str(error) if isinstance(error, OSError | ValueError) else describe(error)
        if isinstance(error, TimeoutError):
            why = f"what is there has said nothing for {_ANSWER_S:.0f} s"
        raise ConfigError(
            f"scheduler: no Dask scheduler answers at '{crew.scheduler}': {why}", key="scheduler"
        ) from error
    stack.callback(client.close, timeout=1)
    return client


async def _ask_who_it_is(address: str, interruption: Interruption) -> Any:
    """What a Dask server at `address` says of itself. Whatever else is there may never say anything."""
    from distributed.comm import connect

    async def ask() -> Any:
        comm = await connect(address, timeout=_ANSWER_S)
        try:
            await comm.write({"op": "identity", "reply": True})
            return await comm.read()
        finally:
            comm.abort()

    asked = asyncio.ensure_future(ask())
    until_s = monotonic() + _ANSWER_S
    while not asked.done() and not interruption.is_asked and monotonic() < until_s:
        await asyncio.wait({asked}, timeout=WAIT_S)
    if asked.done():
        return asked.result()
    asked.cancel()
    if interruption.is_asked:
        return None
    raise TimeoutError


@contextmanager
def _hushed() -> Iterator[None]:
    """Keep Dask's own words out: what matters of them is told in ours."""
    names = [n for n in logging.root.manager.loggerDict if n.split(".")[0] in ("distributed", "tornado")]
    loggers = [logging.getLogger(name) for name in (*names, "asyncio")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


def _unreadable(error: Exception) -> str:
    """Why a worker cannot even read what it is asked."""
    if isinstance(error, ModuleNotFoundError) and str(error.name).startswith(__name__.partition(".")[0]):
        return f"evo {__version__} is not installed there ({describe(error)})"
    return describe(error)


@dataclass
class _Worker:
    """A worker of the cluster, and what it has to do.

    Attributes:
        check: the question whether it can do the runs; None once it has said yes.
        runs: what it was given, in order; as many as it has threads are going on.
        started_s: since when, of those.

    """

    address: str
    threads: int
    check: Any = None
    runs: dict[Any, PlannedRun] = field(default_factory=dict)
    started_s: dict[Any, float] = field(default_factory=dict)

    def going_on(self) -> list[Any]:
        """The runs that it is at, as far as can be told from here."""
        futures = list(self.runs)[: self.threads]
        for future in futures:
            self.started_s.setdefault(future, monotonic())
        return futures


class _Cluster:
    """Workers by address, and the runs that are out on them."""

    def __init__(self, client: Any, name: str, queue: Queue, job: Job) -> None:
        from distributed.protocol.pickle import dumps  # takes classes of a notebook along

        self._client, self._name, self._queue, self._job = client, name, queue, job
        self._dumps = dumps
        self._token = os.urandom(8).hex()
        self._workers: dict[str, _Worker] = {}
        self._unfit: set[str] = set()
        self._again: list[PlannedRun] = []  # claimed, and refused by some worker
        self._refused: dict[str, set[str]] = {}
        self._news = Flag()
        self._look_at_s = 0.0
        self._none_since_s = monotonic()
        self._is_told = False
        cells = {(run.config.task, run.config.impl, run.config.device): run for run in queue.waiting}
        self._sources = {cell: Source.of(run.cell) for cell, run in cells.items()}
        self._check = Check([(run.cell, run.config, self._sources[cell]) for cell, run in cells.items()])

    @property
    def is_busy(self) -> bool:
        """Whether some run is out, or taken."""
        return bool(self._again) or any(worker.runs for worker in self._workers.values())

    def look(self) -> Iterator[Event]:
        """See which workers have come and gone."""
        if self._client.status != "running":
            raise self._gone()
        if monotonic() < self._look_at_s:
            return
        self._look_at_s = monotonic() + _LOOK_S
        try:
            threads = self._client.sync(
                self._client.scheduler.ncores, workers=None, callback_timeout=2 * _ANSWER_S
            )
        except (OSError, TimeoutError) as error:
            raise self._gone() from error
        for address in [address for address in self._workers if address not in threads]:
            yield from self._lose(self._workers.pop(address))
        for address in threads.keys() - self._workers.keys() - self._unfit:
            self._workers[address] = worker = _Worker(address, threads[address])
            worker.check = self._send(self._check, worker, "check")
        yield from self._say_who_is_missing()

    def _say_who_is_missing(self) -> Iterator[Event]:
        if self._workers:
            self._none_since_s = monotonic()
            self._is_told = False
            return
        waited_s = monotonic() - self._none_since_s
        if waited_s > _NO_WORKERS_S:
            raise ConfigError(f"scheduler: no worker has come for {_NO_WORKERS_S:.0f} s", key="scheduler")
        if waited_s > _SAY_NO_WORKERS_S and not self._is_told:
            self._is_told = True
            yield Note(f"waiting for workers at {self._name}")

    def _gone(self) -> EvoError:
        left = len(self._queue) + len(self._again) + sum(len(w.runs) for w in self._workers.values())
        return EvoError(
            f"scheduler: {self._name} has gone; {left} runs are left, and the same command goes on with them",
            key="scheduler",
        )

    def _send(self, order: Check | Order, worker: _Worker, name: str) -> Any:
        future = self._client.submit(
            pickle.loads,
            pack(order, self._dumps),
            key=f"evo-{name}-{os.urandom(4).hex()}",
            pure=False,
            workers=[worker.address],
            allow_other_workers=False,
        )
        future.add_done_callback(lambda _: self._news.set())
        return future

    def submit(self) -> Iterator[Event]:
        """Keep the threads of workers busy that have said they can do it."""
        fit = [worker for worker in self._workers.values() if worker.check is None]
        threads = sum(worker.threads for worker in fit)
        ahead = _AHEAD if len(self._queue) > threads else 1  # the last runs wait for whoever is free first
        for worker in fit:
            while len(worker.runs) < ahead * worker.threads and (run := self._next(worker)) is not None:
                cell = (run.config.task, run.config.impl, run.config.device)
                order = Order(run, self._sources[cell], self._job, self._token)
                worker.runs[self._send(order, worker, run.digest[:16])] = run
                worker.going_on()
                yield Started(run)

    def _next(self, worker: _Worker) -> PlannedRun | None:
        for run in self._again:
            if worker.address not in self._refused[run.digest]:
                self._again.remove(run)
                return run
        return self._queue.take()

    def collect(self) -> Iterator[Event]:
        """Wait a moment for answers."""
        if not self._news.wait(WAIT_S):
            yield None
        self._news.clear()
        for worker in list(self._workers.values()):
            if worker.check is not None and worker.check.done():
                check, worker.check = worker.check, None
                yield from self._hear(check, worker, None)
            for future in [future for future in worker.runs if future.done()]:
                if future in worker.runs:
                    yield from self._hear(future, worker, worker.runs.pop(future))
            worker.going_on()
            yield from self._end_what_hangs(worker)

    def _hear(self, future: Any, worker: _Worker, run: PlannedRun | None) -> Iterator[Event]:
        """Take in an answer: to a check if there is no run."""
        try:
            answer: Answer = future.result(timeout=_GRACE_S)
        except Exception as error:
            if future.status != "error" or type(error).__name__ == "KilledWorker":
                # It went with its worker or with the scheduler, which the next look will tell.
                if run:
                    yield from self._lose_run(run, describe(error))
                return
            answer = Refusal(_unreadable(error), "")
            if run:
                self._queue.give_back(run)
                run = None
        if isinstance(answer, Parcel) and run:
            outcome = receive(answer, run, self._job)
            self._queue.finish(run)
            yield Finished(run, outcome)
        elif isinstance(answer, Refusal) and run:
            yield from self._take_refusal(run, worker, answer)
        elif isinstance(answer, Refusal):
            yield from self._dismiss(worker, answer)
        else:
            assert isinstance(answer, Ready)

    def _take_refusal(self, run: PlannedRun, worker: _Worker, refusal: Refusal) -> Iterator[Event]:
        """A run that one machine cannot hold may fit into another; one that several cannot has failed."""
        refused = self._refused.setdefault(run.digest, set())
        refused.add(worker.address)
        if len(refused) < ATTEMPTS and self._workers.keys() - refused:
            self._again.append(run)
            yield Lost(run)
            return
        self._queue.finish(run)
        yield Finished(run, record_failure(run, self._job, refusal.reason))

    def _dismiss(self, worker: _Worker, refusal: Refusal) -> Iterator[Event]:
        """The worker is at fault: it gets no more runs, and those that it has go to others."""
        self._unfit.add(worker.address)
        del self._workers[worker.address]
        host = f" on {refusal.host}" if refusal.host else ""
        why = f"worker {worker.address}{host} cannot do the runs: {refusal.reason}"
        for future, run in worker.runs.items():
            future.cancel()
            self._queue.give_back(run)
            yield Lost(run)
        if not self._workers:
            raise EvoError(
                f"scheduler: no worker of the cluster is left; {why}; the runs stay for next time",
                key="scheduler",
            )
        yield Note(f"{why}; it gets none")

    def _lose(self, worker: _Worker) -> Iterator[Event]:
        """The worker has died: of what it had, only that which was going on may be at fault."""
        going_on = worker.going_on()
        for future, run in worker.runs.items():
            if future.done() and future.status == "finished":
                with suppress(Exception):  # it may have come back before the worker went
                    yield from self._hear(future, worker, run)
                    continue
            future.cancel()
            if future in going_on:
                yield from self._lose_run(run, f"{worker.address} has gone")
            else:
                self._queue.give_back(run)
                yield Lost(run)

    def _lose_run(self, run: PlannedRun, how: str) -> Iterator[Event]:
        reason = self._queue.lose(run, how)
        if reason is None:
            yield Lost(run)
        else:
            yield Finished(run, record_failure(run, self._job, reason))

    def _end_what_hangs(self, worker: _Worker) -> Iterator[Event]:
        """Give up runs that did not even end when their time was over, and restart their workers."""
        limit_s = self._job.timeout_s
        if limit_s is None:
            return
        late = [f for f in worker.going_on() if monotonic() - worker.started_s[f] > limit_s + _GRACE_S]
        if not late:
            return
        for future in late:
            run = worker.runs.pop(future)
            future.cancel()
            self._queue.finish(run)
            yield Finished(run, record_failure(run, self._job, self._job.too_long, "timed out"))
        del self._workers[worker.address]
        for future, run in worker.runs.items():
            future.cancel()
            self._queue.give_back(run)
            yield Lost(run)
        try:  # a nanny can; a worker without one would hang for ever
            self._client.restart_workers([worker.address], timeout=2 * _ANSWER_S)
        except Exception:
            self._unfit.add(worker.address)
            yield Note(f"worker {worker.address} hangs, and gets no more runs")

    def wind_down(self) -> Iterator[Event]:
        """Cancel what waits on the cluster, and have what goes on come back as far as it got."""
        waiting = lost = 0
        for run in self._again:
            self._queue.give_back(run)
        self._again = []
        for worker in self._workers.values():
            going_on = worker.going_on()
            for future in [future for future in worker.runs if future not in going_on]:
                waiting += self._give_up(worker, future)
        addresses = [worker.address for worker in self._workers.values() if worker.runs]
        self._tell(lambda: self._client.run(stop, self._token, workers=addresses, wait=False))
        until_s = monotonic() + _GRACE_S
        while self.is_busy and monotonic() < until_s and self._client.status == "running":
            yield from self.collect()
        for worker in self._workers.values():
            for future in list(worker.runs):
                lost += self._give_up(worker, future)
        cut = f", and {lost} in mid-run did not come back" if lost else ""
        yield Note(f"cancelled on the cluster: {waiting} runs that had not begun{cut}")

    def _give_up(self, worker: _Worker, future: Any) -> int:
        run = worker.runs.pop(future)
        future.cancel()
        self._queue.give_back(run)
        return 1

    def _tell(self, say: Callable[[], object]) -> None:
        """Tell the cluster something that it may be too dead to hear: Dask would wait half a minute."""

        def try_it() -> None:
            with suppress(Exception):
                say()

        thread = Thread(target=try_it, daemon=True)
        thread.start()
        thread.join(_TELL_S)

    def cancel(self) -> None:
        """Leave nothing behind on the cluster."""
        futures = [future for worker in self._workers.values() for future in worker.runs]
        if futures and self._client.status == "running":
            self._tell(lambda: self._client.run(stop, self._token, wait=False))
            self._tell(lambda: self._client.cancel(futures, force=True))
