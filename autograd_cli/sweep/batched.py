"""Engine `batched`: runs that differ only in seed, start and learning rate, as one tensor program.

Each of them still becomes a run directory of its own. `elapsed_s` in it is the run's share: the time since
the batch started, divided by the number of its runs, which stands as `batch` in run.json's environment.
"""

import resource
from collections.abc import Iterator, Sequence
from time import sleep

from autograd_cli.contract.config import digest_of
from autograd_cli.runs.record import SweepPlace
from autograd_cli.runs.summary import RunSummary
from autograd_cli.sweep.endings import Endings
from autograd_cli.sweep.events import WAIT_S, Event, Note, Started
from autograd_cli.sweep.plan import PlannedRun
from autograd_cli.sweep.queue import Queue
from autograd_cli.sweep.work import Crew, Job, execute, settle
from autograd_cli.training.device import is_out_of_memory
from autograd_cli.training.run import Experiment, prepare_batch
from autograd_cli.training.signals import Interruption
from autograd_cli.training.threads import set_threads

# A batch that fits into a core's cache: measured fastest for sin, and near the fastest for mlp.
BATCH_BYTES = 3 * 2**20
# A GPU computes larger batches at hardly more cost; this share of its memory is theirs.
_GPU_SHARE = 0.5
_CLAIMS_MAX = 1024


def run(queue: Queue, job: Job, crew: Crew, interruption: Interruption) -> Iterator[Event]:  # noqa: ARG001 - the signature of all engines
    """Run what the queue holds, as many runs at a time as fit."""
    endings = Endings(job.runs_dir, queue)
    fit = _CLAIMS_MAX
    try:
        while not interruption.is_asked and len(queue):
            runs: list[PlannedRun] = []
            while len(runs) < _runs_max() and (run := queue.take()) is not None:
                runs.append(run)
            if not runs:
                yield from endings.collect(now=True)
                yield None
                sleep(WAIT_S if len(queue) else 0)
            for batch in _batches(runs, job.gpu):
                left = batch
                while left and not interruption.is_asked:
                    asked = min(len(left), fit)
                    part, experiment = _prepare_some(left[:asked], job)
                    if len(part) < asked:
                        fit = len(part)
                        yield Note(
                            f"memory does not hold {asked} runs together: batches of {fit} from here on"
                        )
                    yield from (Started(run) for run in part)
                    outcomes = _execute(part, experiment, job, interruption, endings)
                    for run, outcome in zip(part, outcomes, strict=True):
                        endings.add(run, outcome)
                    yield from endings.collect()
                    left = left[len(part) :]
        yield from endings.collect(now=True)
    finally:
        endings.close()


def _runs_max() -> int:
    """Runs claimed at a time; each may hold its losses.csv open."""
    return max(min(resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2, _CLAIMS_MAX), 1)


def _batches(runs: Sequence[PlannedRun], gpu: int | None) -> Iterator[list[PlannedRun]]:
    """Runs that can share a program, cut to what fits into cache or memory."""
    groups: dict[str, list[PlannedRun]] = {}
    for run in runs:
        set_threads(run.config.threads)
        varying = run.cell.batch_class.per_run
        shared = {key: value for key, value in run.config.to_dict().items() if key not in varying}
        groups.setdefault(digest_of(shared), []).append(run)
    for group in groups.values():
        first = group[0]
        bytes_per_run = first.cell.batch_class.bytes_per_run(first.config)
        size = max(int(_room_bytes(first.config.device, gpu) // bytes_per_run), 1)
        # Batches of equal size: the last would otherwise be a small one that costs nearly as much.
        size = -(-len(group) // -(-len(group) // size))
        yield from (group[i : i + size] for i in range(0, len(group), size))


def _room_bytes(device: str, gpu: int | None) -> float:
    if device != "cuda":
        return BATCH_BYTES
    import torch  # the level has imported it

    return float(torch.cuda.mem_get_info(gpu)[0]) * _GPU_SHARE if torch.cuda.is_available() else BATCH_BYTES


def _prepare_some(runs: Sequence[PlannedRun], job: Job) -> tuple[Sequence[PlannedRun], Experiment | None]:
    """The first of `runs`, as one program that is ready to start: half as many until memory holds them.

    The program is None if there is another reason why it cannot be set up.
    """
    while True:
        try:
            places = [SweepPlace(job.sweep, run.index, run.replaces) for run in runs]
            configs = [run.config for run in runs]
            cell = runs[0].cell
            return runs, prepare_batch(cell, configs, job.runs_dir, places, job.git, job.gpu, durable=False)
        except Exception as error:
            if len(runs) == 1 or not is_out_of_memory(error):
                return runs, None
        # Only here, where the error is gone, and with it what it held of the arrays.
        runs = runs[: -(-len(runs) // 2)]


def _execute(
    runs: Sequence[PlannedRun],
    experiment: Experiment | None,
    job: Job,
    interruption: Interruption,
    endings: Endings,
) -> list[RunSummary]:
    """Train and record runs as one program; without one, each by itself, so that it gets its own reason.

    Their records say how they ended once `endings` are settled.
    """
    if experiment is None:
        return [execute(run, job, interruption, endings=endings) for run in runs]
    for _ in experiment.run(interruption):
        endings.look()
    both = zip(runs, experiment.recordings, strict=True)
    return [settle(run, job, recording, endings) for run, recording in both]
