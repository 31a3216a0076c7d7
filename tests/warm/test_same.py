"""The same command, cold and forked from a warm process: nobody can tell, but from the clock."""

import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.helpers import write_level
from tests.processes import command, environment, on_terminal

SIN = ("train", "--task", "sin", "--impl", "numpy", "--name", "r")
# What no two runs of a command share: moments, durations, processes, unique names.
_VARIES = re.compile(
    r"\[\d+/|\d{8}T\d{6}Z|-[0-9a-f]{8}\b|\d+(\.\d+)? ?(ns|µs|us|ms|s|min)\b"
    r'|"?(pid|elapsed_s|step_s|started_at|finished_at|start|losses\.csv)"?: ?[^,\n}]+,?'
)
_ROW = re.compile(r"( *\d+ +\S+) +[\d.]+$")


class End(NamedTuple):
    """How a command has ended."""

    code: int
    out: list[str]
    err: list[str]
    files: dict[str, object]


def same(text: str) -> list[str]:
    """The lines of a text less what varies, sorted, for workers end in no order."""
    lines = (_VARIES.sub("", _ROW.sub(r"\1", line)).strip() for line in text.splitlines())
    return sorted(line for line in lines if line)


def files(folder: Path) -> dict[str, object]:
    """What is below a folder, less what varies."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = _VARIES.sub("", str(path.relative_to(folder)))
            if path.name == "losses.csv":
                found[name] = [line.rpartition(",")[0] for line in path.read_text().splitlines()]
            elif path.suffix == ".npz":
                found[name] = path.read_bytes()
            else:
                found[name] = same(path.read_text())
    return found


def starts(folder: Path) -> set[object]:
    """How the processes of the runs below a folder came to be."""
    records = [json.loads(path.read_text()) for path in folder.rglob("run.json")]
    return {record["environment"].get("start", "cold") for record in records}


def both(tmp_path: Path, runtime: str, arguments: Sequence[str], **extra: str) -> list[End]:
    """Exit code, stdout, stderr and files of a command in a folder of one name, cold and warm."""
    ends: list[End] = []
    for warm in ("0", "verbose"):
        folder = tmp_path / "here"
        if folder.exists():
            shutil.rmtree(folder)
        shutil.copytree(tmp_path / "given", folder)
        done = subprocess.run(
            command(*arguments),
            cwd=folder,
            env=environment(XDG_RUNTIME_DIR=runtime, EVO_WARM=warm) | extra,
            capture_output=True,
            text=True,
            check=False,
            input="typed\n",
        )
        assert starts(folder) <= ({"cold"} if warm == "0" else {"warm"})
        ends.append(End(done.returncode, same(done.stdout), same(done.stderr), files(folder)))
    return ends


@pytest.fixture
def given(tmp_path: Path) -> Path:
    """The folder that a command finds itself in."""
    (tmp_path / "given").mkdir()
    return tmp_path / "given"


_TELL = """
import json, locale, os, resource, signal, sys, threading, time, numpy.random, random
told = dict(
    argv=sys.argv[1:], cwd=os.getcwd(), path=sys.path,
    environment={k: v for k, v in os.environ.items() if k != "EVO_WARM"},
    umask=os.umask(0o77), limits=[resource.getrlimit(i) for i in range(16)], nice=os.nice(0),
    processors=sorted(os.sched_getaffinity(0)), typed=sys.stdin.readline(),
    signals=[str(signal.getsignal(n))[:40] for n in range(1, 65)],
    blocked=sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
    streams=[(s.encoding, s.errors, s.isatty(), s.line_buffering, s.write_through, s.name, s.mode, s.fileno())
             for s in (sys.stdin, sys.stdout, sys.stderr)],
    frameworks=sorted({n.partition(".")[0] for n in sys.modules} & {"torch", "numpy", "rich", "sympy"}),
    threads=threading.active_count(), zone=time.tzname, locale=locale.setlocale(locale.LC_ALL),
    main=sys.modules["__main__"].__name__, flags=repr(sys.flags), modes=oct(os.umask(0o22)),
)
print(json.dumps(told))
print("to stderr", file=sys.stderr)
"""


def test_a_level_sees_the_same_process(tmp_path: Path, given: Path, runtime: str) -> None:
    """Arguments, folder, environment, limits, signals, streams and what is imported are a cold start's."""
    write_level(given / "mine.py", top=_TELL)
    line = ("train", "--task", "sin", "--impl", "mine.py:Level", "--name", "r", "steps=3", "--quiet")
    cold, warm = both(tmp_path, runtime, line, TZ="Asia/Tokyo", FRUIT="plum\udcff")
    told = [json.loads(next(text for text in end.out if text[0] == "{")) for end in (cold, warm)]
    assert told[0] == told[1]
    assert told[0]["typed"] == "typed\n"
    assert cold.code == 0
    assert cold == warm


QUICK = [
    [*SIN, "steps=7", "print_every=3"],
    [*SIN, "--json", "steps=3"],
    ["train", "--task", "son", "--impl", "numpy"],
    [*SIN, "--config", "missing.yaml"],
    ["train", "--help"],
    ["sweep", "--task", "sin", "--impl", "numpy", "seed=0..3", "steps=3", "--engine", "processes"],
]
SLOW = [
    [*SIN, "lr=1"],
    [*SIN, "--show-config"],
    ["train"],
    [
        "sweep",
        "--task",
        "sin",
        "--impl",
        "numpy",
        "seed=0..3",
        "lr=1e-6,1",
        "steps=50",
        "--name",
        "lr{lr}-s{seed}",
    ],
    ["sweep", "--task", "sin", "--impl", "batched", "seed=0..3", "steps=3", "--json"],
    ["sweep", "--task", "mlp", "--impl", "optim,nn", "seed=0,1", "steps=3"],
    ["train", "--task", "mlp", "--impl", "optim", "steps=30", "--name", "r"],
    ["train", "--task", "mlp", "--impl", "numpy", "steps=30", "--name", "r", "--threads", "2"],
    ["train", "--task", "mlp", "--impl", "numpy", "steps=30", "--name", "r", "--threads", "1"],
    ["train", "--task", "mlp", "--impl", "tensor", "steps=30", "--name", "r", "--dtype", "float64"],
    ["train", "--task", "sin", "--impl", "dynamic", "steps=30", "--name", "r"],
    ["train", "--task", "softmax", "--impl", "function", "steps=30", "--name", "r"],
    ["train", "--task", "mlp", "--impl", "nn", "--device", "cuda", "steps=3"],
    ["verify", "--task", "sin", "--impl", "numpy,nn", "--quick"],
    ["verify", "--task", "linear", "--impl", "tensor"],
    ["graph", "--task", "mlp", "--impl", "autograd"],
    ["graph", "--task", "sin", "--impl", "nn", "--accumulate"],
    ["graph", "--task", "sin", "--impl", "numpy", "--format", "dot"],
]


@pytest.mark.parametrize("line", QUICK, ids=" ".join)
def test_a_command_ends_alike(tmp_path: Path, given: Path, runtime: str, line: list[str]) -> None:  # noqa: ARG001
    """What it writes, its files and its exit code."""
    cold, warm = both(tmp_path, runtime, line)
    assert cold == warm


@pytest.mark.slow
@pytest.mark.parametrize("line", SLOW, ids=" ".join)
def test_every_command_ends_alike(tmp_path: Path, given: Path, runtime: str, line: list[str]) -> None:  # noqa: ARG001
    """The same of those that import torch."""
    cold, warm = both(tmp_path, runtime, line)
    assert cold == warm


def test_a_terminal_is_a_terminal(tmp_path: Path, runtime: str) -> None:
    """What a terminal gets ends with the same screen, colours and width included."""
    ends = []
    for number, warm in enumerate(("0", "1")):
        line = ("train", "--task", "sin", "--impl", "numpy", "steps=5", "--name", f"r{number}")
        output, code = on_terminal(*line, cwd=tmp_path, XDG_RUNTIME_DIR=runtime, EVO_WARM=warm)
        ends.append((code, same(output.replace("\r", "\n").replace(f"r{number}", "r"))[-8:]))
    assert starts(tmp_path) == {"cold", "warm"}
    assert ends[0] == ends[1]
