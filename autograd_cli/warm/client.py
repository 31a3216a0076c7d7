"""A command that a warm process runs: this process hands all over, passes signals on, and ends as it ends.

The worker is in no terminal's foreground, so what a terminal sends arrives here, and is passed on to all
processes of the worker, as a terminal would; what somebody sends to this process goes to the worker alone.
Ctrl-Z stops both.
"""

import fcntl
import os
import resource
import select
import signal
import socket
import sys
from typing import NoReturn

from autograd_cli.warm import place, wire
from autograd_cli.warm.identity import identity, read_status

# How long a warm process may take to say whether it will run the command.
_PATIENCE_S = 0.5
# How long after a worker's end its reaper may take to say what it was.
_REAPING_S = 1.0
_PASSED_ON = frozenset(
    {
        *(signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP, signal.SIGCONT),
        *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGWINCH),
    }
)
LIMITS = range(16)  # all that Linux has
# What somebody sends with kill(); the terminal's signals are the kernel's.
_SI_USER = 0


def run_if_warm(folder: int) -> None:
    """Have the command run by the warm process whose socket is in `folder`, and end as it ends.

    Returns where there is none that would run it as a cold start does; nothing has happened then.
    `EVO_WARM=verbose` says why.
    """
    reason = _try(folder)
    if reason and os.environ.get("EVO_WARM") == "verbose":
        os.write(2, f"evo: a cold start: {reason}\n".encode())


def _try(folder: int) -> str | None:
    if sys.gettrace() or sys.getprofile():
        return "this process is being traced"
    if any("/fd/" in word for word in sys.argv):
        return "an argument names a descriptor of this process"
    connection = None
    try:
        for number in (0, 1, 2):
            os.fstat(number)
        connection = connect(folder)
        if connection is None:
            return "the warm process is not yours"
        pid = _ask(connection)
    except (OSError, ValueError) as error:
        return f"the warm process does not answer: {error}"
    else:
        if isinstance(pid, str):
            return pid
        return _follow(connection, pid)
    finally:
        if connection is not None:
            connection.close()
        os.close(folder)


def connect(folder: int) -> socket.socket | None:
    """A connection to the warm process; None if it is another user's.

    Raises:
        OSError: there is none.

    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(_PATIENCE_S)
    try:
        connection.connect(place.address(folder))
        if wire.is_own(connection):
            return connection
    except BaseException:
        connection.close()
        raise
    connection.close()
    return None


def _ask(connection: socket.socket) -> int | str:
    """The process that waits for GO to run the command, or why there is none."""
    status = read_status()
    request = {
        "identity": identity(os.environ, status),
        "path": sys.path,
        "argv": sys.argv,
        "orig_argv": sys.orig_argv,
        "environment": [*os.environb.items()],
        "umask": status["Umask"],
        "ignored": status["SigIgn"],
        "blocked": status["SigBlk"],
        "limits": [(kind, *resource.getrlimit(kind)) for kind in LIMITS],
        "niceness": os.getpriority(os.PRIO_PROCESS, 0),
        "scheduler": os.sched_getscheduler(0),
        "processors": [*os.sched_getaffinity(0)],
    }
    here = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    # Nothing is ever written to this pipe. When this process ends, however it ends, the pipe does.
    theirs, _ = os.pipe()
    try:
        wire.exactly(connection, len(wire.HERE))
        wire.send(connection, request, (0, 1, 2, here, theirs))
    finally:
        os.close(here)
        os.close(theirs)
    answer, number = wire.ANSWER.unpack(wire.exactly(connection, wire.ANSWER.size))
    if answer == wire.READY:
        return int(number)
    reason, _ = wire.receive(connection)
    return str(reason)


def _follow(connection: socket.socket, pid: int) -> str:
    """Let the worker begin, pass signals on to it, and end as it does; why it has not begun."""
    try:
        worker = os.pidfd_open(pid)
    except OSError as error:
        return f"the warm process does not answer: {error}"
    connection.setblocking(False)
    handlers = {number: signal.getsignal(number) for number in (*_PASSED_ON, signal.SIGIO)}
    for number in handlers:
        if number not in (signal.SIGTSTP, signal.SIGCONT) or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _nothing)  # an ignored signal would not even be seen
    awaited = _PASSED_ON | {signal.SIGIO}
    signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
    # An answer comes as one more signal.
    fcntl.fcntl(connection, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(connection, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    try:
        connection.send(wire.GO)
    except OSError as error:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, awaited)
        return f"the warm process does not answer: {error}"
    while (end := _end(connection, worker)) is None:
        info = signal.sigtimedwait(awaited, _REAPING_S)
        if info is not None and info.si_signo != signal.SIGIO:
            _pass_on(info, worker, pid)
    return _end_as(end)


def _end(connection: socket.socket, worker: int) -> int | None:
    """How the worker has ended, as `os.wait` says it; None while it goes on."""
    try:
        answer = connection.recv(wire.ANSWER.size)
    except BlockingIOError:
        poll = select.poll()
        poll.register(worker, select.POLLIN)
        if not poll.poll(0):
            return None
        # It is dead, and has not said a word; its reaper has, or will, unless that is dead or asleep.
        poll.register(connection, select.POLLIN)
        poll.unregister(worker)
        poll.poll(_REAPING_S * 1000)
        try:
            answer = connection.recv(wire.ANSWER.size)
        except BlockingIOError:
            answer = b""
    except OSError:
        answer = b""
    if len(answer) == wire.ANSWER.size:
        return int(wire.ANSWER.unpack(answer)[1])
    return int(signal.SIGKILL)  # both are dead, which nothing else does


def _pass_on(info: "signal.struct_siginfo", worker: int, pid: int) -> None:
    number = info.si_signo
    try:
        if number == signal.SIGTSTP:
            # Its processes are in no job of a shell, where only this signal stops.
            os.killpg(pid, signal.SIGSTOP)
            _stop()
            os.killpg(pid, signal.SIGCONT)
        elif info.si_code > _SI_USER:
            os.killpg(pid, number)
        else:
            signal.pidfd_send_signal(worker, number)
    except ProcessLookupError:
        pass  # it has ended, and how, is on its way


def _stop() -> None:
    """Stop as Ctrl-Z does, until somebody lets this process go on."""
    signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTSTP})
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTSTP})
    signal.signal(signal.SIGTSTP, _nothing)


def _end_as(status: int) -> NoReturn:
    """End with the exit code of `status`, or by its signal."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
        os.kill(os.getpid(), number)
    os._exit(os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 1)


def _nothing(*_arguments: object) -> None:
    """Be seen."""
