"""Engine `batched`: runs that differ only in seed, start and learning rate, as one tensor program.

Each of them still becomes a run directory of its own. `elapsed_s` in it is the run's share: the time since
the batch started, divided by the number of its runs, which stands as `batch` in run.json's environment.
Batches are shared out over worker processes, as the cores allow; a GPU gets one at a time.
"""

import resource
from collections import deque
from collections.abc import Iterator, Sequence
from time import monotonic, sleep

from autograd_cli.sweep.endings import Endings
from autograd_cli.sweep.events import WAIT_S, Event, Note, Started, Through
from autograd_cli.sweep.plan import PlannedRun
from autograd_cli.sweep.processes import run_units
from autograd_cli.sweep.queue import Queue
from autograd_cli.sweep.work import (
    Crew,
    Job,
    Unit,
    advancing,
    execute,
    execute_batch,
    on_gpu,
    prepare_some,
    train_batch,
)
from autograd_cli.training.signals import Interruption
from autograd_cli.training.threads import set_threads

# A batch that fits into a core's cache: measured fastest for sin, and near the fastest for mlp.
BATCH_BYTES = 3 * 2**20
# A GPU computes larger batches at hardly more cost; this share of its memory is theirs.
_GPU_SHARE = 0.5
_CLAIMS_MAX = 1024
# Smaller batches are not worth sharing out: their runs take less time than a worker takes to start.
_SHARED_MIN = 8


def run(queue: Queue, job: Job, crew: Crew, interruption: Interruption) -> Iterator[Event]:
    """Run what the queue holds, as many runs at a time as fit."""
    workers = 1 if on_gpu(queue.waiting) else crew.workers
    batches = _Batches(queue, workers, job.gpu)
    if workers > 1 and len(queue) > 1:
        yield from run_units(batches, execute_batch, queue, job, crew, interruption)
        return
    endings = Endings(job.runs_dir, queue)
    try:
        while not interruption.is_asked and len(batches):
            batch = batches.take()
            if not batch:
                yield from endings.collect(now=True)
                yield None
                sleep(WAIT_S if len(batches) else 0)
                continue
            start_s = monotonic()
            part, experiment = prepare_some(batch, job, endings)
            if len(part) < len(batch):
                batches.give_back(batch[len(part) :], fit=len(part))
                yield Note(
                    f"memory does not hold {len(batch)} runs together: batches of {len(part)} from here on"
                )
            yield from (Started(run) for run in part)
            if experiment is None:
                outcomes = []
                for run in part:
                    training = execute(run, job, interruption, endings=endings)
                    outcomes.append((yield from advancing((run,), training)))
            else:
                together = train_batch(part, experiment, job, interruption, start_s, endings=endings)
                outcomes = yield from advancing(part, together)
            for run, outcome in zip(part, outcomes, strict=True):
                endings.add(run, outcome)
                yield Through(run)
            yield from endings.collect()
        yield from endings.collect(now=True)
    finally:
        endings.close()


class _Batches:
    """A queue's runs, as batches that can each share a program."""

    def __init__(self, queue: Queue, workers: int, gpu: int | None) -> None:
        self._queue, self._workers, self._gpu = queue, workers, gpu
        self._cut: deque[Unit] = deque()
        self._fit = _CLAIMS_MAX

    def __len__(self) -> int:
        return len(self._queue) + sum(map(len, self._cut))

    def take(self) -> Unit:
        """The next batch; empty if there is nothing just now."""
        if not self._cut:
            runs: list[PlannedRun] = []
            while len(runs) < _runs_max() and (run := self._queue.take()) is not None:
                runs.append(run)
            self._cut.extend(_batches(runs, self._workers, self._gpu))
        if not self._cut:
            return ()
        batch = self._cut.popleft()
        if len(batch) > self._fit:
            self._cut.appendleft(batch[self._fit :])
        return batch[: self._fit]

    def give_back(self, runs: Unit, *, fit: int) -> None:
        """Runs of a batch of which memory held `fit`: they are next, and no batch is larger from here on."""
        self._cut.appendleft(runs)
        self._fit = fit


def _runs_max() -> int:
    """Runs claimed at a time; each may hold its losses.csv open."""
    return max(min(resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2, _CLAIMS_MAX), 1)


def _batches(runs: Sequence[PlannedRun], workers: int, gpu: int | None) -> Iterator[Unit]:
    """Runs that can share a program, cut to what fits into cache or memory, and evenly for the workers."""
    groups: dict[object, list[PlannedRun]] = {}
    threads = None
    for run in runs:
        if run.config.threads != threads:
            threads = run.config.threads
            set_threads(threads)
        varying = run.cell.batch_class.per_run
        shared = tuple(item for item in run.config.to_dict().items() if item[0] not in varying)
        groups.setdefault(shared, []).append(run)
    for group in groups.values():
        first = group[0]
        bytes_per_run = first.cell.batch_class.bytes_per_run(first.config)
        size = max(int(_room_bytes(first.config.device, gpu) // bytes_per_run), 1)
        count = -(-len(group) // size)
        if len(group) >= workers * _SHARED_MIN or count > workers:
            count = -(-count // workers) * workers
        # Batches of equal size: the last would otherwise be a small one that costs nearly as much.
        size = -(-len(group) // count)
        yield from (tuple(group[i : i + size]) for i in range(0, len(group), size))


def _room_bytes(device: str, gpu: int | None) -> float:
    if device != "cuda":
        return BATCH_BYTES
    import torch  # the level has imported it

    return float(torch.cuda.mem_get_info(gpu)[0]) * _GPU_SHARE if torch.cuda.is_available() else BATCH_BYTES
