"""Engine `batched`: runs that differ only in seed, start and learning rate, as one tensor program.

Each of them still becomes a run directory of its own. `elapsed_s` in it is the run's share: the time since
the batch started, divided by the number of its runs, which stands as `batch` in run.json's environment.
"""

import resource
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from math import isfinite
from time import perf_counter_ns, sleep
from typing import Any

from autograd_cli.catalogue.registry import find_implementation, find_task, load_problem
from autograd_cli.contract.batch import Batch
from autograd_cli.contract.config import digest_of
from autograd_cli.errors import EvoError
from autograd_cli.runs.record import Status, SweepPlace
from autograd_cli.runs.writer import RunWriter
from autograd_cli.sweep.events import WAIT_S, Event, Finished, Started
from autograd_cli.sweep.execution import Job, Outcome, describe_error, execute, outcome_of
from autograd_cli.sweep.ledger import Known, note_done
from autograd_cli.sweep.plan import PlannedRun
from autograd_cli.sweep.queue import Queue
from autograd_cli.training.environment import describe_environment
from autograd_cli.training.run import check_device
from autograd_cli.training.signals import Interruption
from autograd_cli.training.threads import set_threads

LEVEL = "batched"

# A batch that fits into a core's cache: measured fastest for sin, and near the fastest for mlp.
BATCH_BYTES = 3 * 2**20
# A GPU computes larger batches at hardly more cost; this share of its memory is theirs.
_GPU_SHARE = 0.5
_CLAIMS_MAX = 1024
# A batch's rows are formatted at once, which is only worth it for many; and once a second at the least.
_SLICE_S = 0.5


def run_batched(queue: Queue, job: Job, interruption: Interruption) -> Iterator[Event]:
    """Run what the queue holds, as many runs at a time as fit."""
    while interruption.signal is None and len(queue):
        runs: list[PlannedRun] = []
        while len(runs) < _runs_max() and (run := queue.take()) is not None:
            runs.append(run)
        if not runs:
            yield None
            sleep(WAIT_S if len(queue) else 0)
        for batch in _batches(runs):
            if interruption.signal is not None:
                break
            yield from (Started(run) for run in batch)
            for run, outcome in zip(batch, execute_batch(batch, job, interruption), strict=True):
                queue.finish(run)
                yield Finished(run, outcome)


def _runs_max() -> int:
    """Runs claimed at a time; each may hold its losses.csv open."""
    return max(min(resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2, _CLAIMS_MAX), 1)


def _batches(runs: Sequence[PlannedRun]) -> Iterator[list[PlannedRun]]:
    """Runs that can share a program, cut to what fits into cache or memory."""
    groups: dict[str, list[PlannedRun]] = {}
    for run in runs:
        varying = _runs_class(run).per_run
        shared = {key: value for key, value in run.config.to_dict().items() if key not in varying}
        groups.setdefault(digest_of(shared), []).append(run)
    for group in groups.values():
        first = group[0]
        size = max(int(_room_bytes(first.config.device) // _runs_class(first).bytes_per_run(first.config)), 1)
        # Batches of equal size: the last would otherwise be a small one that costs nearly as much.
        size = -(-len(group) // -(-len(group) // size))
        yield from (group[i : i + size] for i in range(0, len(group), size))


def _runs_class(run: PlannedRun) -> Any:
    """The class in the task's batched.py that takes many problems and configurations."""
    task = find_task(run.config.task, "--task")
    set_threads(run.config.threads)
    return getattr(import_module(f"{task.package}.{LEVEL}"), f"{task.level}Runs")


def _room_bytes(device: str) -> float:
    if device != "cuda":
        return BATCH_BYTES
    import torch  # the level has imported it

    return float(torch.cuda.mem_get_info()[0]) * _GPU_SHARE if torch.cuda.is_available() else BATCH_BYTES


@dataclass
class _Lane:
    """One run of a batch: where it is recorded, and how it stands."""

    writer: RunWriter
    status: Status | None = None
    error: str | None = None

    def append(self, batch: Batch) -> None:
        """Record losses up to the first that is not finite, after which the run is over."""
        if self.status is not None:
            return
        end = next((i + 1 for i, loss in enumerate(batch.losses) if not isfinite(loss)), None)
        if end is not None:
            self.status = "diverged"
            batch = Batch(batch.first_step, batch.losses[:end], batch.elapsed_s[:end])
        try:
            self.writer.append(batch)
        except EvoError as error:
            self.status, self.error = "failed", str(error)


def execute_batch(runs: Sequence[PlannedRun], job: Job, interruption: Interruption) -> list[Outcome]:
    """Train and record runs as one program.

    A batch that cannot be set up is executed one run at a time, so that each run gets its own reason.
    """
    config = runs[0].config
    try:
        check_device(config)
        problem = load_problem(find_task(config.task, "--task"))
        level = _runs_class(runs[0])([problem.make(run.config) for run in runs], [run.config for run in runs])
        environment = describe_environment(config.device, config.threads, job.git) | {"batch": len(runs)}
        lanes = [
            _Lane(RunWriter(job.runs_dir, run.config, None, environment, SweepPlace(job.sweep, run.index)))
            for run in runs
        ]
    except Exception:  # whatever it is, it comes again below, and is then told of one run
        return [execute(run, job, interruption) for run in runs]
    error = None
    try:
        _train(level, lanes, config.steps, interruption)
    except Exception as failure:  # becomes the reason in every record
        error = f"{LEVEL} failed: {describe_error(failure)}"
    return _finish(level, lanes, runs, job, error)


def _train(level: Any, lanes: Sequence[_Lane], steps: int, interruption: Interruption) -> None:
    """The loop of `training.py`, with a row of losses at every step in place of one."""
    pending: list[Any] = []
    elapsed_s: list[float] = []
    start_ns, due_s = perf_counter_ns(), _SLICE_S
    for step in range(steps):
        losses = level.forward()
        now_s = (perf_counter_ns() - start_ns) / 1e9
        pending.append(losses)
        elapsed_s.append(now_s / len(lanes))
        # A run that has diverged computes on in vain: to leave it out would cost the others more.
        level.backward(losses)
        level.update()
        if now_s >= due_s:
            _record(lanes, step + 1, pending, elapsed_s)
            pending, elapsed_s = [], []
            due_s = (perf_counter_ns() - start_ns) / 1e9 + _SLICE_S
            if interruption.signal is not None and step + 1 < steps:
                for lane in lanes:
                    lane.status = lane.status or "interrupted"
            if all(lane.status for lane in lanes):
                return
    if pending:
        _record(lanes, steps, pending, elapsed_s)


def _record(lanes: Sequence[_Lane], end: int, pending: list[Any], elapsed_s: list[float]) -> None:
    import torch  # the level has imported it

    columns = torch.stack(pending).t().tolist()
    for lane, losses in zip(lanes, columns, strict=True):
        lane.append(Batch(end - len(losses), losses, elapsed_s))


def _finish(
    level: Any, lanes: Sequence[_Lane], runs: Sequence[PlannedRun], job: Job, error: str | None
) -> list[Outcome]:
    config = runs[0].config
    task = find_task(config.task, "--task")
    model = find_implementation(task, config.impl, "--impl").model
    arrays = {name: p.cpu().numpy() for name, p in level.parameters.items()}
    outcomes = []
    for i, (lane, run) in enumerate(zip(lanes, runs, strict=True)):
        parameters = {name: array[i] for name, array in arrays.items()}
        result = load_problem(task).describe(model, parameters)
        reason = lane.error or error
        status: Status = lane.status or ("failed" if error else "completed")
        try:
            record = lane.writer.finish(status, parameters, result, reason if status == "failed" else None)
        except EvoError:
            record = lane.writer.record
        if record.status != "interrupted":
            note_done(job.runs_dir, run.digest, lane.writer.path.name)
        outcomes.append(outcome_of(Known.of(record)))
    return outcomes
