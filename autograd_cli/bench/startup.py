"""What comes before the steps: imports, the set-up and the first step, each level in a process of its own."""

import resource
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from time import perf_counter

from autograd_cli.catalogue.cell import Cell
from autograd_cli.contract.config import RunConfig
from autograd_cli.training.device import use_device
from autograd_cli.training.loop import read_loss
from autograd_cli.training.threads import set_threads


@dataclass(frozen=True)
class Startup:
    """The start of a level in a fresh process.

    Attributes:
        import_s: seconds until the level's class and the task's data are imported, frameworks among them.
        setup_s: seconds to draw the data and to make the level; a first optimiser imports more of torch.
        first_step_s: seconds of the first step.
        peak_bytes: the most memory that the process has held until then.

    """

    import_s: float
    setup_s: float
    first_step_s: float
    peak_bytes: int

    def to_dict(self) -> Mapping[str, float]:
        """The numbers by name."""
        return asdict(self)


def start(cell: Cell, config: RunConfig) -> Startup:
    """Start a level here; for a fresh process that does nothing else."""
    set_threads(config.threads)
    times_s = [perf_counter()]
    _ = cell.level_class, cell.problems
    times_s.append(perf_counter())
    use_device(config)
    level = cell.make(config)
    times_s.append(perf_counter())
    loss = level.forward()
    read_loss(level, loss)
    level.backward(loss)
    level.update()
    times_s.append(perf_counter())
    import_s, setup_s, first_step_s = (b - a for a, b in pairwise(times_s))
    return Startup(import_s, setup_s, first_step_s, _peak_bytes())


def _peak_bytes() -> int:
    """The most memory of this process; Linux counts into ru_maxrss what the parent had held at the fork."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) * 1024
    except (OSError, StopIteration):
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
