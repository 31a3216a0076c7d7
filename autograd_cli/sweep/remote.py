"""What happens on a worker of a Dask cluster: an order comes in, and an answer goes back.

An order travels as bytes, which only the worker reads: the scheduler needs no evo, and a worker without it,
or with another version, says so. A level in a user's file travels along, so no worker needs the file.
"""

import pickle
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from os import getpid
from pathlib import Path
from platform import node
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from autograd_cli.catalogue.blame import describe
from autograd_cli.catalogue.cell import Cell
from autograd_cli.catalogue.files import load_class
from autograd_cli.contract.config import RunConfig
from autograd_cli.runs.summary import RunSummary
from autograd_cli.sweep.plan import PlannedRun
from autograd_cli.sweep.work import Job, record_failure, set_up, to_end, train
from autograd_cli.training.device import check_device
from autograd_cli.training.signals import Interruption
from autograd_cli.version import __version__


@dataclass(frozen=True)
class Refusal:
    """The worker cannot do what was ordered, on `host`, and another one may."""

    reason: str
    host: str


@dataclass(frozen=True)
class Ready:
    """The worker can do what was asked about."""


@dataclass(frozen=True)
class Parcel:
    """What a run became: outcome, and the run directory's name and files; no name if there is none."""

    outcome: RunSummary
    name: str | None
    files: Mapping[str, bytes]


Answer = Ready | Refusal | Parcel


@dataclass(frozen=True)
class Source:
    """A user's Python file.

    Attributes:
        place: its path as the level's name has it.
        folder: where it is at home; what it imports from there is found where workers see the same folder.
        content: the file.

    """

    place: str
    folder: str
    content: bytes

    @classmethod
    def of(cls, cell: Cell) -> "Source | None":
        """The file of a level called FILE.py:Class; None for other levels."""
        place = cell.spec.name.rpartition(":")[0]
        if cell.given is not None or not place.endswith(".py"):
            return None
        path = Path(place).resolve()
        return cls(place, str(path.parent), cell.source or path.read_bytes())

    def unpack(self, scratch: Path) -> Path:
        """Where the file is here; one of other content is elsewhere, and both can be in use."""
        path = scratch / f"evo-{sha256(self.content).hexdigest()[:16]}" / Path(self.place).name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            beside = path.with_name(f".{path.name}.{getpid()}.{monotonic()}")
            beside.write_bytes(self.content)
            beside.replace(path)
        if self.folder not in sys.path and Path(self.folder).is_dir():
            sys.path.append(self.folder)
        return path


def settle_cell(cell: Cell, source: Source | None) -> Cell:
    """The cell, with its level's class from the file that came along."""
    if source is None:
        return cell
    class_name = cell.spec.name.rpartition(":")[2]
    return Cell(cell.task, cell.spec, load_class(f"{source.unpack(_scratch())}:{class_name}"))


@dataclass(frozen=True)
class Check:
    """The question whether a worker can set up runs: each cell with a configuration, and the level's file."""

    cells: Sequence[tuple[Cell, RunConfig, Source | None]]

    def carry_out(self) -> Answer:
        """Import what the runs need, and look for their device."""
        try:
            for cell, config, source in self.cells:
                here = settle_cell(cell, source)
                _ = here.problems, here.level_class
                check_device(config)
        except BaseException as error:
            return refuse(describe(error))
        return Ready()


@dataclass(frozen=True)
class Order:
    """A run to train; `token` names the sweep's client, which may ask for an early end."""

    run: PlannedRun
    source: Source | None
    job: Job
    token: str

    def carry_out(self) -> Answer:
        """Train the run in a folder of its own."""
        with _stoppable(self.token) as interruption, TemporaryDirectory(prefix="evo-", dir=_scratch()) as own:
            runs_dir = Path(own) / "runs"
            runs_dir.mkdir()
            job = replace(self.job, runs_dir=runs_dir)
            start_s = monotonic()
            run = self.run
            try:
                run = replace(run, cell=settle_cell(run.cell, self.source))
                experiment = set_up(run, job)
            except BaseException as error:  # no signal arrives in a worker's thread
                if isinstance(error.__cause__, MemoryError) or not run.cell.is_foreign:
                    return refuse(describe(error))
                outcome = record_failure(run, job, describe(error))
            else:
                outcome = to_end(train(run, experiment, job, interruption, start_s))
            if outcome.path is None:
                return Parcel(outcome, None, {})
            path = Path(outcome.path)
            return Parcel(outcome, path.name, {file.name: file.read_bytes() for file in path.iterdir()})


def pack(order: Check | Order, dumps: Callable[[Any], bytes]) -> bytes:
    """An order as bytes; `pickle.loads` of them, on a worker, carries it out and is the answer."""
    return pickle.dumps(_Call(receive, __version__, sys.version_info[:2], dumps(order)))


@dataclass(frozen=True)
class _Call:
    """A call that happens where it is unpickled, so that Dask itself sees nothing but bytes."""

    function: Callable[..., Answer]
    version: str
    python: tuple[int, int]
    order: bytes

    def __reduce__(self) -> tuple[Any, ...]:
        return self.function, (self.version, self.python, self.order)


def receive(version: str, python: tuple[int, int], order: bytes) -> Answer:
    """Carry out an order from an evo and a Python of the same versions."""
    here = sys.version_info[:2]
    if version != __version__:
        return refuse(f"evo {__version__} is installed there, and {version} here")
    if python != here:
        return refuse(f"Python {here[0]}.{here[1]} runs there, and {python[0]}.{python[1]} here")
    opened: Check | Order = pickle.loads(order)  # noqa: S301 - Dask's own trust: who reaches the scheduler may run code
    return opened.carry_out()


def refuse(reason: str) -> Refusal:
    """The refusal of this machine."""
    return Refusal(reason, node())


# The runs of each client that go on in this process, and the clients that want no more.
_going_on: dict[str, list[Interruption]] = {}
_stopped: set[str] = set()


@contextmanager
def _stoppable(token: str) -> Iterator[Interruption]:
    interruption = Interruption()
    _going_on.setdefault(token, []).append(interruption)
    if token in _stopped:
        interruption.stop()
    try:
        yield interruption
    finally:
        _going_on[token].remove(interruption)


def stop(token: str) -> None:
    """Bring the runs of a client to an early end."""
    _stopped.add(token)
    for interruption in list(_going_on.get(token, ())):
        interruption.stop()


def _scratch() -> Path:
    """The worker's own folder, which Dask removes with the worker."""
    from distributed import get_worker  # only a worker gets here

    return Path(get_worker().local_directory)
