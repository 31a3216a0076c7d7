"""Engine `serial`: one run after another, in this process."""

from collections.abc import Iterator
from time import sleep

from autograd_cli.sweep.endings import Endings
from autograd_cli.sweep.events import WAIT_S, Event, Started
from autograd_cli.sweep.queue import Queue
from autograd_cli.sweep.work import Crew, Job, execute
from autograd_cli.training.signals import Interruption


def run(queue: Queue, job: Job, crew: Crew, interruption: Interruption) -> Iterator[Event]:  # noqa: ARG001 - the signature of all engines
    """Run what the queue holds."""
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
            endings.add(planned, execute(planned, job, interruption, endings=endings))
            yield from endings.collect()
        yield from endings.collect(now=True)
    finally:
        endings.close()
