"""Engine `serial`: one run after another, in this process.

A run may end its process, or hang for ever: what this process cannot survive happens in a worker, one at a
time. That is so for levels that are not evo's own, and wherever a run's time is limited.
"""

from collections.abc import Iterator
from dataclasses import replace
from time import sleep

from autograd_cli.sweep import processes
from autograd_cli.sweep.endings import Endings
from autograd_cli.sweep.events import WAIT_S, Event, Started, Through
from autograd_cli.sweep.queue import Queue
from autograd_cli.sweep.work import Crew, Job, advancing, execute
from autograd_cli.training.signals import Interruption


def run(queue: Queue, job: Job, crew: Crew, interruption: Interruption) -> Iterator[Event]:
    """Run what the queue holds."""
    cells = [run.cell for run in queue.waiting]
    needs_worker = job.timeout_s is not None or any(cell.is_foreign for cell in cells)
    # A class that was handed over may be of a function or a notebook, out of reach for another process.
    if needs_worker and all(cell.given is None for cell in cells):
        yield from processes.run(queue, job, replace(crew, workers=1), interruption)
        return
    endings = Endings(job.runs_dir, queue)
    try:
        while not interruption.is_asked and len(queue):
            planned = queue.take()
            if planned is None:
                yield from endings.collect(now=True)
                yield None
                sleep(WAIT_S if len(queue) else 0)
                continue
            yield Started(planned)
            training = execute(planned, job, interruption, endings=endings)
            endings.add(planned, (yield from advancing((planned,), training)))
            yield Through(planned)
            yield from endings.collect()
        yield from endings.collect(now=True)
    finally:
        endings.close()
