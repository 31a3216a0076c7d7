"""All faults, and how often each is tried."""

from tests.faults import inputs, power, processes, resources
from tests.faults.harness import Fault

FAULTS = (
    Fault("SIGKILL in a run's first 5 ms", processes.killed_early, quick=1, long=120),
    Fault("SIGKILL at any moment of a run", processes.killed_anywhere, quick=1, long=80),
    Fault("SIGKILL to a sweep, which is then completed", processes.killed_sweep, quick=0, long=15),
    Fault("SIGKILL or SIGTERM to a sweep's worker", processes.killed_worker, quick=0, long=16),
    Fault("SIGKILL to the Dask scheduler of a sweep", processes.killed_scheduler, quick=0, long=2),
    Fault("SIGINT, SIGTERM: process, group; once, twice", processes.signalled, quick=1, long=48),
    Fault("terminal closed", processes.hung_up, quick=2, long=30),
    Fault("reader of the pipe leaves", resources.leaving_reader, quick=1, long=20),
    Fault("standard streams closed, full, ASCII", resources.streams, quick=6, long=len(resources.STREAMS)),
    Fault("disk full: RLIMIT_FSIZE of every size", resources.file_size, quick=10, long=2500),
    Fault("disk full: a file system of a few pages", resources.full_disk, quick=2, long=12),
    Fault("8 to 20 descriptors", resources.descriptors, quick=2, long=52),
    Fault("power cut after every call", power.power_cut, quick=1, long=len(power.COMMANDS)),
    Fault("16 writers in one folder", processes.many_writers, quick=1, long=20),
    Fault("files with changed bytes (100 a try)", inputs.mutated, quick=2, long=90),
    Fault("files that hypothesis wrote (100 a try)", inputs.generated, quick=1, long=30),
    Fault("nonsense on the command line", inputs.bad_line, quick=40, long=len(inputs.bad_lines())),
    Fault("ten million steps", resources.long_run, quick=0, long=1),
    Fault("clocks that step back", resources.clocks, quick=1, long=15),
)
