"""A process that was forked for one command: it becomes what the command's own process would have been."""

import fcntl
import importlib
import io
import os
import resource
import select
import signal
import socket
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from autograd_cli.warm import start, wire
from autograd_cli.warm.identity import Identity, difference, shared_path
from autograd_cli.warm.place import PACKAGE

# How long a command may take to say what it wants, which it says at once.
_PATIENCE_S = 5.0
# Limits that stop an import, or what it would have read; where one is set, the command imports for itself.
_OF_IMPORTS = (resource.RLIMIT_AS, resource.RLIMIT_DATA)

_MODULE_ENDS = (".py", ".pyc", ".so")


@dataclass(frozen=True)
class Prepared:
    """What a warm process has.

    Attributes:
        identity: what its imports have seen.
        path: its module search path.
        run: runs the command line that stands in `sys.argv`; its exit code.
        limits_of: what a process's control groups let it use; those of a command have to be ours.
        encodings: encoding and errors of the three standard streams.
        modules: names of all that it has imported, without what follows a dot.
        state: what `evo warm --status` tells.

    """

    identity: Identity
    path: list[str]
    run: Callable[[], int]
    limits_of: Callable[[int], object]
    encodings: tuple[tuple[str, str], ...]
    modules: frozenset[str]
    state: dict[str, Any]


def attend(connection: socket.socket, prepared: Prepared) -> NoReturn:
    """Do what the command at the other end asks for, in this process, which was forked for it."""
    try:
        connection.settimeout(_PATIENCE_S)
        connection.sendall(wire.HERE)
        request, descriptors = wire.receive(connection, 5)
        if "ask" in request:
            _answer(connection, request, prepared)
        else:
            _serve(connection, request, descriptors, prepared)
    except (OSError, ValueError, KeyError, TypeError):
        os._exit(1)  # whoever asked is gone, or is nobody who could have asked
    except BaseException:
        with suppress(Exception):
            traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _answer(connection: socket.socket, request: dict[str, Any], prepared: Prepared) -> None:
    server = os.getppid()
    state = prepared.state | {
        "pid": server,
        "memory": memory_of(server),
        "differs": difference(prepared.identity, request["identity"]),
    }
    if request["ask"] == "stop":
        os.kill(server, signal.SIGTERM)
    wire.send(connection, state)


def memory_of(pid: int) -> tuple[int, int]:
    """Resident bytes of a process, and its share of them where pages are shared; zeros if nobody may know."""
    found = {"Rss": 0, "Pss": 0}
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                name, _, value = line.partition(":")
                if name in found:
                    found[name] = int(value.split()[0]) * 1024
    except OSError:
        pass
    return found["Rss"], found["Pss"]


def _serve(
    connection: socket.socket, request: dict[str, Any], descriptors: list[int], prepared: Prepared
) -> NoReturn:
    reason = _reason_against(request, prepared, wire.peer_pid(connection))
    stdin, stdout, stderr, here, life = descriptors
    if reason is None:
        try:
            _take_surroundings(request, here)
        except OSError as error:
            reason = f"cannot be as this process is: {error}"
    if reason is not None:
        connection.sendall(wire.ANSWER.pack(wire.REFUSED, 0))
        wire.send(connection, reason)
        os._exit(0)
    os.setsid()
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    _die_with(life)
    connection.sendall(wire.ANSWER.pack(wire.READY, os.getpid()))
    if connection.recv(1) != wire.GO:
        os._exit(0)
    connection.setblocking(False)
    for number, own in enumerate((stdin, stdout, stderr)):
        os.dup2(own, number)
        os.close(own)
    _open_streams(prepared.encodings)
    sys.argv[:], sys.orig_argv[:], sys.path[:] = request["argv"], request["orig_argv"], request["path"]
    _take_environment(request["environment"])
    start.mark_warm()
    _take_signals(int(request["ignored"], 16), int(request["blocked"], 16))
    _leave(connection, _run(prepared.run))


def _reason_against(request: dict[str, Any], prepared: Prepared, client: int) -> str | None:
    """Why the command has to import for itself; None if it need not."""
    if differs := difference(prepared.identity, request["identity"]):
        return f"{differs} differs"
    if any(soft != resource.RLIM_INFINITY for kind, soft, _ in request["limits"] if kind in _OF_IMPORTS):
        return "its memory is limited"
    if request["scheduler"] != os.sched_getscheduler(0):
        return "the scheduler differs"
    if prepared.limits_of(client) != prepared.limits_of(os.getpid()):
        return "the limits of its control group differ"
    first = request["path"][: len(request["path"]) - len(shared_path(request["path"]))]
    return next((f"{folder} hides a module" for folder in first if _hides(folder, prepared)), None)


def _hides(folder: str, prepared: Prepared) -> bool:
    """Whether a folder that stands before all others has a module by the name of one that is imported."""
    if folder in prepared.path:
        return False
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return False
    ours = os.path.dirname(PACKAGE)
    own = {"autograd_cli"} if os.path.realpath(folder) == os.path.realpath(ours) else set()
    return any(
        name.endswith(_MODULE_ENDS) or os.path.isfile(os.path.join(folder, name, "__init__.py"))
        for name in names
        if name.partition(".")[0] in prepared.modules - own
    )


def _take_surroundings(request: dict[str, Any], here: int) -> None:
    """Be in the command's folder, with its limits and its share of the machine, or raise OSError."""
    os.fchdir(here)
    os.close(here)
    os.umask(int(request["umask"], 8))
    for kind, soft, hard in request["limits"]:
        if resource.getrlimit(kind) != (soft, hard):
            try:
                resource.setrlimit(kind, (soft, hard))
            except ValueError as error:
                raise OSError(str(error)) from error
    if os.getpriority(os.PRIO_PROCESS, 0) != request["niceness"]:
        os.setpriority(os.PRIO_PROCESS, 0, request["niceness"])
    os.sched_setaffinity(0, request["processors"])


def _die_with(life: int) -> None:
    """Have the system kill this process when the command's own, which holds the other end, is gone.

    That is what becomes of a command that is killed: what it has written by then reads as interrupted.
    """
    fcntl.fcntl(life, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(life, fcntl.F_SETFL, os.O_ASYNC)
    poll = select.poll()
    poll.register(life, select.POLLIN)
    if poll.poll(0):
        os._exit(0)  # it has gone already


def _open_streams(encodings: tuple[tuple[str, str], ...]) -> None:
    """The standard streams as Python opens them when it starts."""
    plain = bool(getattr(sys.__stdout__, "write_through", False))  # -u, PYTHONUNBUFFERED
    for number, (name, (encoding, errors)) in enumerate(
        zip(("stdin", "stdout", "stderr"), encodings, strict=True)
    ):
        raw = open(number, "rb" if number == 0 else "wb", buffering=0, closefd=False)  # noqa: SIM115
        raw.name = f"<{name}>"
        buffer: Any = (
            raw if plain and number else (io.BufferedReader if number == 0 else io.BufferedWriter)(raw)
        )
        stream = io.TextIOWrapper(
            buffer,
            encoding,
            errors,
            newline=None if number == 0 else "\n",
            line_buffering=number > 0 and (number == 2 or plain or raw.isatty()),
            write_through=plain and number > 0,
        )
        stream.mode = "r" if number == 0 else "w"  # type: ignore[misc]
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _take_environment(variables: list[tuple[bytes, bytes]]) -> None:
    """The command's variables, and what the standard library has made of ours."""
    os.environb.clear()
    os.environb.update(variables)
    time.tzset()
    tempfile.tempdir = None
    importlib.invalidate_caches()


def _take_signals(ignored: int, blocked: int) -> None:
    """The command's signals as Python starts with them."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        is_ignored = ignored >> (number - 1) & 1
        if number == signal.SIGINT and not is_ignored:
            signal.signal(number, signal.default_int_handler)
        else:
            signal.signal(number, signal.SIG_IGN if is_ignored else signal.SIG_DFL)
    mask = {number for number in signal.valid_signals() if blocked >> (number - 1) & 1}
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _run(run: Callable[[], int]) -> int:
    try:
        return run()
    except SystemExit as end:  # with words in the place of a code
        sys.stderr.write(f"{end.code}\n")
    except BaseException:
        traceback.print_exc()
    return 1


def _leave(connection: socket.socket, code: int) -> NoReturn:
    """Let go of the streams, say how it went, and end; the system takes back the memory meanwhile."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    with suppress(OSError):
        connection.send(wire.ANSWER.pack(wire.ENDED, (code & 0xFF) << 8))
    os._exit(code)
