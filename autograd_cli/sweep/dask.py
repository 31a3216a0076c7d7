"""Engine `dask`: workers of a Dask cluster, which may share no disk with this machine.

A worker trains into a folder of its own and sends the run directory's files back; here they are put in
place whole. Workers need evo installed, and should have one thread each: Dask counts threads, not cores.
"""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from autograd_cli.catalogue.blame import describe
from autograd_cli.errors import ConfigError
from autograd_cli.runs.summary import RunSummary
from autograd_cli.sweep.events import WAIT_S, Event, Finished, Lost, Started
from autograd_cli.sweep.ledger import note_done
from autograd_cli.sweep.plan import PlannedRun
from autograd_cli.sweep.queue import ATTEMPTS, Queue
from autograd_cli.sweep.work import Crew, Job, execute, record_failure
from autograd_cli.training.signals import Interruption

_CONNECT_S = 5
# Runs that wait on the cluster for each thread there, so that no worker waits for us.
_AHEAD = 2
_NO_WORKERS_S = 60.0


@dataclass(frozen=True)
class Parcel:
    """What a worker sends back: outcome, and the run directory's name and files; no name if there is none."""

    outcome: RunSummary
    name: str | None
    files: Mapping[str, bytes]


def run_remotely(planned: PlannedRun, sweep: str, git: Mapping[str, Any]) -> Parcel:
    """Train one run on this machine, wherever it is, and return its files."""
    with tempfile.TemporaryDirectory(prefix="evo-") as folder:
        (Path(folder) / "runs").mkdir()
        outcome = execute(planned, Job(Path(folder) / "runs", sweep, git), Interruption())
        if outcome.path is None:
            return Parcel(outcome, None, {})
        path = Path(outcome.path)
        return Parcel(outcome, path.name, {file.name: file.read_bytes() for file in path.iterdir()})


def receive(parcel: Parcel, run: PlannedRun, job: Job) -> RunSummary:
    """Put a run directory that came over the wire into the runs folder, all of it or nothing."""
    if parcel.name is None:
        return record_failure(run, job, parcel.outcome.reason or "no run directory came back")
    incoming = Path(tempfile.mkdtemp(prefix=".incoming-", dir=job.runs_dir))
    try:
        for name, content in parcel.files.items():
            (incoming / Path(name).name).write_bytes(content)
        incoming.chmod(0o777 & ~_umask())
        path = job.runs_dir / Path(parcel.name).name
        incoming.rename(path)  # fails if it exists: run directories are never empty
    except OSError as error:
        shutil.rmtree(incoming, ignore_errors=True)
        return RunSummary("failed", reason=f"{job.runs_dir}: cannot write the run: {error.strerror}")
    note_done(job.runs_dir, run.digest, path.name)
    return replace(parcel.outcome, path=str(path))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def run(queue: Queue, job: Job, crew: Crew, interruption: Interruption) -> Iterator[Event]:
    """Run what the queue holds on the cluster at the crew's scheduler, or on a local one of as many workers.

    Raises:
        ConfigError: Dask is not installed, or no scheduler answers.

    """
    with ExitStack() as stack:
        client = _connect(crew.scheduler, crew.workers, stack)
        cluster = _Cluster(client, job)
        try:
            while not interruption.is_asked and (len(queue) or cluster.futures):
                yield from cluster.submit(queue)
                yield from cluster.collect(queue)
        finally:
            client.cancel(list(cluster.futures), force=True)


def _connect(scheduler: str | None, workers: int, stack: ExitStack) -> Any:
    try:
        import distributed  # an optional extra, and a second to import
    except ImportError:
        raise ConfigError(
            "engine: dask is not installed; pip install 'autograd-cli[cluster]'", key="engine"
        ) from None
    if scheduler is None:
        # Ctrl-C reaches the whole group of processes. Workers inherit that they ignore it.
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            cluster = distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, dashboard_address=None, silence_logs=50
            )
        finally:
            signal.signal(signal.SIGINT, handler)
        return stack.enter_context(distributed.Client(stack.enter_context(cluster)))
    try:
        return stack.enter_context(distributed.Client(scheduler, timeout=_CONNECT_S))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"scheduler: no Dask scheduler answers at '{scheduler}': {error}", key="scheduler"
        ) from error


class _Cluster:
    """The runs that are out on the cluster."""

    def __init__(self, client: Any, job: Job) -> None:
        self._client, self._job = client, job
        self.futures: dict[Any, PlannedRun] = {}
        self._idle_since_s = monotonic()

    def submit(self, queue: Queue) -> Iterator[Event]:
        """Keep the cluster's threads busy."""
        threads = sum(self._client.nthreads().values())
        if threads:
            self._idle_since_s = monotonic()
        elif monotonic() - self._idle_since_s > _NO_WORKERS_S:
            raise ConfigError(f"scheduler: no worker has come for {_NO_WORKERS_S:.0f} s", key="scheduler")
        while len(self.futures) < _AHEAD * threads and (run := queue.take()) is not None:
            key = f"evo-{run.digest[:16]}-{os.urandom(4).hex()}"
            future = self._client.submit(
                run_remotely, run, self._job.sweep, self._job.git, key=key, pure=False
            )
            self.futures[future] = run
            yield Started(run)

    def collect(self, queue: Queue) -> Iterator[Event]:
        """Wait a moment for results."""
        done = self._wait()
        for future in done:
            run = self.futures.pop(future)
            if future.status == "finished":
                outcome = receive(future.result(), run, self._job)
            else:
                # Dask itself gives a run to another worker when one is lost; here it has given up.
                if queue.lose(run):
                    yield Lost(run)
                    continue
                error = describe(future.exception() or RuntimeError("cancelled"))
                outcome = record_failure(run, self._job, f"lost {ATTEMPTS} times: {error}")
            queue.finish(run)
            yield Finished(run, outcome)
        if not done:
            yield None

    def _wait(self) -> list[Any]:
        import distributed

        if not self.futures:
            sleep(WAIT_S)
            return []
        try:
            return list(
                distributed.wait(list(self.futures), timeout=WAIT_S, return_when="FIRST_COMPLETED").done
            )
        except TimeoutError:
            return []
