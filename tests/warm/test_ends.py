"""Signals, job control and deaths: what a cold start keeps is kept, and nobody waits for the dead."""

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from autograd_cli.runs.reader import read_run
from tests.processes import PATIENCE_S, command, environment, run, wait_for_running

LONG = ("train", "--task", "sin", "--impl", "numpy", "steps=100000000", "--name", "r", "--quiet")
SHORT = ("train", "--task", "sin", "--impl", "numpy", "steps=3", "--quiet")


@contextmanager
def long_run(folder: Path, runtime: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A command that goes on for long, and the process that trains for it."""
    with subprocess.Popen(
        command(*LONG),
        cwd=folder,
        env=environment(XDG_RUNTIME_DIR=runtime),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            record = wait_for_running(folder / "runs", process)
            assert record.environment["start"] == "warm"
            yield process, int(record.environment["pid"])
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    end = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def state_of(pid: int) -> str:
    """The letter of a process's state; `-` if there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "-"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        (signal.SIGTERM, 143),
        (signal.SIGHUP, -1),
        (signal.SIGKILL, -9),
        (signal.SIGUSR1, -10),
    ],
)
def test_a_signal_to_the_command_is_one_to_its_run(
    tmp_path: Path, runtime: str, number: int, code: int
) -> None:
    """The command ends as a cold one does, its worker with it, and the run reads as interrupted."""
    with long_run(tmp_path, runtime) as (process, worker):
        os.kill(process.pid, number)
        assert process.wait(PATIENCE_S) == code
        until(lambda: state_of(worker) in "-Z")
        record = read_run(tmp_path / "runs" / "r")
        assert record.status == "interrupted"
        # Weights are written by those who are asked to end.
        assert ("weights.npz" in record.files) == (code > 0)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_worker_that_is_killed_ends_its_command(tmp_path: Path, runtime: str, number: int) -> None:
    """A shell sees of the command what has become of its worker."""
    with long_run(tmp_path, runtime) as (process, worker):
        os.kill(worker, number)
        assert process.wait(PATIENCE_S) == -number
        assert read_run(tmp_path / "runs" / "r").status == "interrupted"


@pytest.fixture
def own_runtime(tmp_path: Path) -> Iterator[tuple[str, int]]:
    """A warm process that a test may kill: its folder and its number."""
    folder = tmp_path / "own"
    folder.mkdir()
    done = run(command("warm"), folder, XDG_RUNTIME_DIR=str(folder))
    (pid,) = re.findall(r"process (\d+)", done.stdout)
    yield str(folder), int(pid)
    with suppress(ProcessLookupError):
        os.kill(int(pid), signal.SIGKILL)


def test_a_warm_process_that_is_killed_takes_nothing_along(
    tmp_path: Path, own_runtime: tuple[str, int]
) -> None:
    """The run goes on and hears signals; commands start cold, and say nothing."""
    runtime, server = own_runtime
    with long_run(tmp_path, runtime) as (process, worker):
        os.kill(server, signal.SIGSTOP)
        asleep = run(command(*SHORT), tmp_path, XDG_RUNTIME_DIR=runtime)
        assert (asleep.returncode, asleep.stderr) == (0, "")
        os.kill(server, signal.SIGKILL)
        until(lambda: state_of(server) in "-Z")
        dead = run(command(*SHORT), tmp_path, XDG_RUNTIME_DIR=runtime)
        assert (dead.returncode, dead.stderr) == (0, "")
        for done in (asleep, dead):
            assert "start" not in read_run(tmp_path / done.stdout.strip()).environment
        assert process.poll() is None
        steps = read_run(tmp_path / "runs" / "r").steps
        until(lambda: (tmp_path / "runs" / "r" / "losses.csv").stat().st_size > 30 * steps)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 143
        until(lambda: state_of(worker) in "-Z")


@pytest.mark.slow
def test_nobody_waits_for_two_dead(tmp_path: Path, own_runtime: tuple[str, int]) -> None:
    """A command whose worker and warm process are both killed has nobody to ask, and ends as killed."""
    runtime, server = own_runtime
    with long_run(tmp_path, runtime) as (process, worker):
        os.kill(server, signal.SIGKILL)
        os.kill(worker, signal.SIGKILL)
        assert process.wait(PATIENCE_S) == -signal.SIGKILL
        assert read_run(tmp_path / "runs" / "r").status == "interrupted"


@pytest.mark.slow
def test_stopping_lets_runs_end(tmp_path: Path, own_runtime: tuple[str, int]) -> None:
    """`evo warm --stop` takes the socket away at once, and what runs goes on."""
    runtime, server = own_runtime
    with long_run(tmp_path, runtime) as (process, worker):
        stopped = run(command("warm", "--stop"), tmp_path, XDG_RUNTIME_DIR=runtime)
        assert (stopped.returncode, stopped.stdout.split(":")[0]) == (0, "stopped")
        until(lambda: not list(Path(runtime).glob("evo/*.sock")))
        assert run(command("warm", "--status"), tmp_path, XDG_RUNTIME_DIR=runtime).returncode == 1
        assert state_of(worker) not in "-Z"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 130
        until(lambda: state_of(server) in "-Z")


def test_ctrl_z_and_ctrl_c(tmp_path: Path, runtime: str) -> None:
    """In a shell with jobs, Ctrl-Z stops command and worker, `fg` lets both go on, and Ctrl-C ends them."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execve(  # noqa: S606
            "/bin/bash",
            ["bash", "--norc", "--noprofile", "-i"],
            environment(XDG_RUNTIME_DIR=runtime, PS1="$ "),
        )
    shown = b""

    def wait_for(pattern: bytes) -> None:
        nonlocal shown
        end = time.monotonic() + PATIENCE_S
        while not re.search(pattern, shown):
            assert time.monotonic() < end, shown
            assert select.select([terminal], [], [], PATIENCE_S)[0], shown
            shown += os.read(terminal, 65536)

    try:
        os.write(terminal, " ".join(command(*LONG)).encode() + b"\n")
        until((tmp_path / "runs" / "r" / "run.json").exists)
        record = read_run(tmp_path / "runs" / "r")
        worker = int(record.environment["pid"])
        assert record.environment["start"] == "warm"
        os.write(terminal, b"\x1a")
        wait_for(rb"Stopped")
        until(lambda: state_of(worker) == "T")
        os.write(terminal, b"fg\n")
        until(lambda: state_of(worker) in "RS")
        os.write(terminal, b"\x03")
        os.write(terminal, b"echo code=$((1000+$?))\n")
        wait_for(rb"code=1130")
        assert read_run(tmp_path / "runs" / "r").status == "interrupted"
    finally:
        os.close(terminal)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def refused(folder: Path, runtime: str, **extra: str) -> str:
    """Why a command has started cold, in its own words; it has done its work."""
    done = run(command(*SHORT), folder, **{"XDG_RUNTIME_DIR": runtime, "EVO_WARM": "verbose"} | extra)
    assert done.returncode == 0
    assert "start" not in read_run(folder / done.stdout.strip()).environment
    return done.stderr


@pytest.mark.parametrize("variable", ["OMP_PROC_BIND", "LC_ALL"])
def test_what_an_import_would_have_read_has_to_agree(tmp_path: Path, runtime: str, variable: str) -> None:
    """A variable that the interpreter or a framework reads as it is loaded means a cold start."""
    value = {"LC_ALL": "C.UTF-8", "OMP_PROC_BIND": "false"}[variable]
    assert refused(tmp_path, runtime, **{variable: value}) == "evo: a cold start: the environment differs\n"


def test_a_module_in_the_way_means_a_cold_start(tmp_path: Path, runtime: str) -> None:
    """A file by the name of a library, which `-m` would have imported in its place, is imported."""
    (tmp_path / "plotille.py").touch()
    assert "hides a module" in refused(tmp_path, runtime)


def test_a_folder_of_others_is_not_used(tmp_path: Path, runtime: str) -> None:
    """Whoever may write into the socket's folder could have put the socket there; nothing is said of that."""
    copy = tmp_path / "copy"
    (copy / "evo").mkdir(parents=True, mode=0o700)
    (socket,) = Path(runtime).glob("evo/*.sock")
    os.link(socket, copy / "evo" / socket.name)
    done = run(command(*SHORT), tmp_path, XDG_RUNTIME_DIR=str(copy), EVO_WARM="verbose")
    assert done.stderr == ""
    assert read_run(tmp_path / done.stdout.strip()).environment["start"] == "warm"
    (copy / "evo").chmod(0o770)
    assert refused(tmp_path, str(copy)) == ""


def test_a_socket_that_is_none_is_passed_by(tmp_path: Path, runtime: str) -> None:
    """A file, a dead socket or a folder in its place: the command starts cold."""
    place = tmp_path / "run" / "evo"
    place.mkdir(parents=True, mode=0o700)
    (socket,) = Path(runtime).glob("evo/*.sock")
    (place / socket.name).write_text("no socket")
    assert "does not answer" in refused(tmp_path, str(place.parent))
