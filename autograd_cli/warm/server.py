"""The warm process: it imports once, computes nothing, and forks a worker for each command that connects.

Forking is safe because no thread has ever been started here: a pool of threads does not survive a fork, and
whoever computed before it would wait for threads that are not there. A worker is on its own at once: if this
process is killed, nobody tells a command how its worker was killed, and that is all.
"""

import fcntl
import gc
import marshal
import os
import select
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from time import monotonic, perf_counter
from typing import Any, NoReturn

from autograd_cli.errors import EvoError
from autograd_cli.warm import place, wire
from autograd_cli.warm.identity import identity, read_status
from autograd_cli.warm.shelf import Shelf
from autograd_cli.warm.worker import Prepared, attend, memory_of

IDLE_S = 15 * 60.0
# How often it looks whether its socket is still there.
_LOOK_S = 30.0
_BACKLOG = 64


@dataclass(frozen=True)
class Plan:
    """What a warm process is to do.

    Attributes:
        modules: what to import first, and keep in sight.
        libraries: what to import and put on the shelf, as of `Shelf`.
        one_thread: does what keeps the libraries from starting threads when they are imported.
        imported: called once, when the libraries are there.
        taken: as of `Shelf`; called in a worker.
        run: as of `Prepared`.
        limits_of: as of `Prepared`.

    """

    modules: Sequence[str]
    libraries: Sequence[tuple[str, Sequence[str]]]
    one_thread: Callable[[], None]
    imported: Callable[[], None]
    taken: Callable[[str], None]
    run: Callable[[], int]
    limits_of: Callable[[int], object]


def start(plan: Plan, idle_s: float = IDLE_S) -> dict[str, Any]:
    """Start a warm process; what it tells of itself when it is ready.

    Raises:
        EvoError: it cannot be had here, or could not be started.

    """
    environment = dict(os.environ)
    ours, theirs = os.pipe()
    # What is still to be written would be written by each of the two.
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        _detach(theirs)
        _live(plan, environment, theirs, idle_s)
    os.close(theirs)
    os.waitpid(pid, 0)
    with open(ours, "rb") as pipe:
        said = pipe.read()
    if not said:
        raise EvoError("the warm process was killed while it started")
    state = marshal.loads(said)  # noqa: S302 - from our own child
    if isinstance(state, str):
        raise EvoError(state)
    return dict(state)


def _detach(pipe: int) -> None:
    """Belong to no terminal, hold no folder and no file, and have another parent."""
    os.setsid()
    if os.fork():
        os._exit(0)
    os.chdir("/")
    os.umask(0o077)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    for entry in os.listdir("/proc/self/fd"):
        if int(entry) > 2 and int(entry) != pipe:
            with suppress(OSError):  # the listing's own
                os.close(int(entry))
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)


def _live(plan: Plan, environment: dict[str, str], pipe: int, idle_s: float) -> NoReturn:
    try:
        began_s = perf_counter()
        prepared = _prepare(plan, environment)
        listener, folder = _listen()
        prepared.state["seconds"] = perf_counter() - began_s
        os.write(pipe, marshal.dumps(_told(prepared)))
        os.close(pipe)
        _Server(prepared, listener, folder, idle_s).serve()
    except BaseException as error:
        with suppress(OSError):
            text = str(error) if isinstance(error, EvoError) else f"{type(error).__name__}: {error}"
            os.write(pipe, marshal.dumps(f"the warm process could not be started: {text}"))
    finally:
        os._exit(0)


def _told(prepared: Prepared) -> dict[str, Any]:
    return prepared.state | {"pid": os.getpid(), "memory": memory_of(os.getpid())}


def _prepare(plan: Plan, environment: dict[str, str]) -> Prepared:
    encodings = [
        (stream.encoding, stream.errors or "strict") for stream in (sys.stdin, sys.stdout, sys.stderr)
    ]
    seen = identity(environment, read_status())
    path = list(sys.path)
    plan.one_thread()
    for name in plan.modules:
        import_module(name)
    shelf = Shelf(plan.libraries, plan.taken)
    plan.imported()
    threads = len(os.listdir("/proc/self/task"))
    if threads > 1:
        raise EvoError(f"an import has started {threads - 1} threads, which a fork would lose")
    gc.collect()
    gc.freeze()
    tops = {name.partition(".")[0] for name in (*sys.modules, *shelf.names)}
    return Prepared(seen, path, plan.run, plan.limits_of, tuple(encodings), frozenset(tops), {})


def _listen() -> tuple[socket.socket, int]:
    """A socket in the best folder that there is, and the folder.

    Raises:
        EvoError: there is no folder for it, or somebody else listens already.

    """
    for name in place.folders():
        with suppress(OSError):
            os.makedirs(name, mode=0o700, exist_ok=True)
        folder = place.open_folder(name)
        if folder is None:
            continue
        try:
            lock = os.open(f"/proc/self/fd/{folder}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return _bind(folder), folder
        except OSError:
            continue
        finally:
            os.close(lock)
    raise EvoError(f"no socket can be made in any of {', '.join(place.folders())}")


def _bind(folder: int) -> socket.socket:
    """Listen in an opened folder, in the place of who does not listen any more."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    address = place.address(folder)
    if os.path.lexists(address):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(address)
            except OSError:
                os.unlink(address)
            else:
                raise EvoError("another warm process has come first")
    listener.bind(address)
    listener.listen(_BACKLOG)
    listener.setblocking(False)
    return listener


class _Server:
    """The life of a warm process once it is ready."""

    def __init__(self, prepared: Prepared, listener: socket.socket, folder: int, idle_s: float) -> None:
        self._prepared, self._folder, self._idle_s = prepared, folder, idle_s
        self._listener: socket.socket | None = listener
        self._inode = os.stat(place.address(folder)).st_ino
        # Workers by the descriptors that become readable when they end.
        self._workers: dict[int, tuple[int, socket.socket]] = {}
        self._poll = select.poll()
        self._poll.register(listener, select.POLLIN)
        self._asked_to_leave = False
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, *_arguments: object) -> None:
        self._asked_to_leave = True

    def serve(self) -> None:
        """Fork workers and see them off, until nobody has asked for long, or somebody asks for the end."""
        wake_r, wake_w = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.set_wakeup_fd(wake_w, warn_on_full_buffer=False)
        self._poll.register(wake_r, select.POLLIN)
        last_s = monotonic()
        while self._listener or self._workers:
            for descriptor, _ in self._poll.poll(min(self._idle_s, _LOOK_S) * 1000):
                last_s = monotonic()
                if descriptor == wake_r:
                    os.read(wake_r, 4096)
                elif descriptor in self._workers:
                    self._reap(descriptor)
                elif self._listener and descriptor == self._listener.fileno():
                    self._accept(wake_r, wake_w)
            if self._listener and (
                self._asked_to_leave
                or (not self._workers and monotonic() - last_s >= self._idle_s)
                or not self._is_there()
            ):
                self._close()

    def _accept(self, *own: int) -> None:
        assert self._listener is not None
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        if not wire.is_own(connection):
            connection.close()
            return
        try:
            pid = os.fork()
        except OSError:  # no room for one more process: the command starts by itself
            connection.close()
            return
        if pid == 0:
            signal.set_wakeup_fd(-1)
            self._listener.close()
            for descriptor, (_, other) in self._workers.items():
                os.close(descriptor)
                other.close()
            for descriptor in (*own, self._folder):
                os.close(descriptor)
            attend(connection, self._prepared)
        try:
            descriptor = os.pidfd_open(pid)
        except OSError:  # no descriptor left
            connection.close()
            return
        connection.setblocking(False)
        self._workers[descriptor] = pid, connection
        self._poll.register(descriptor, select.POLLIN)

    def _reap(self, descriptor: int) -> None:
        self._poll.unregister(descriptor)
        pid, connection = self._workers.pop(descriptor)
        os.close(descriptor)
        _, status = os.waitpid(pid, 0)
        with suppress(OSError):  # it may have said so itself, and the command be gone
            connection.send(wire.ANSWER.pack(wire.ENDED, status))
        connection.close()

    def _is_there(self) -> bool:
        try:
            return os.stat(place.address(self._folder)).st_ino == self._inode
        except OSError:
            return False

    def _close(self) -> None:
        """Take no more commands."""
        assert self._listener is not None
        if self._is_there():
            with suppress(OSError):
                os.unlink(place.address(self._folder))
        self._poll.unregister(self._listener)
        self._listener.close()
        self._listener = None
