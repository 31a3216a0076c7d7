"""Engine `serial`: one run after another, in this process."""

from collections.abc import Iterator
from time import sleep

from autograd_cli.sweep.events import WAIT_S, Event, Finished, Started
from autograd_cli.sweep.execution import Job, execute
from autograd_cli.sweep.queue import Queue
from autograd_cli.training.signals import Interruption


def run_serial(queue: Queue, job: Job, interruption: Interruption) -> Iterator[Event]:
    """Run what the queue holds."""
    while interruption.signal is None and len(queue):
        run = queue.take()
        if run is None:
            yield None
            sleep(WAIT_S if len(queue) else 0)
            continue
        yield Started(run)
        outcome = execute(run, job, interruption)
        queue.finish(run)
        yield Finished(run, outcome)
