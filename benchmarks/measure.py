"""What all measurements share: children, pairs, medians, tables, and a description of the machine.

This module imports nothing large: on Linux a child's peak memory counts from the parent that it was forked
from, so a parent of 200 MB would make every child look like one.
"""

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
TASKS = ("mlp", "sin")
IMPLEMENTATIONS = ("numpy", "tensor", "autograd", "function", "nn", "optim", "module", "dynamic")
CELLS = tuple(f"{task}/{impl}" for task in TASKS for impl in IMPLEMENTATIONS)

_PACKAGES = ("autograd-cli", "numpy", "torch", "typer", "orjson", "pyyaml", "rich")
_CHOOSES = ("OPENBLAS_", "GOTO_", "OMP_", "KMP_", "MKL_", "VECLIB_", "GOMP_")


@dataclass(frozen=True)
class Child:
    """A process that has ended well.

    Attributes:
        elapsed_s: wall time from its start until it is gone.
        peak_mb: largest resident memory, in 10^6 bytes.
        stdout: what it wrote.

    """

    elapsed_s: float
    peak_mb: float
    stdout: str


def plain_environment() -> dict[str, str]:
    """Our environment without what chooses kernels or threads for NumPy and torch: defaults are measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_CHOOSES)}


def run_child(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Child:
    """Run a command with its stdout on a pipe that is read to the end.

    Raises:
        RuntimeError: it ended with another code than 0; what it wrote to stderr is on our stderr.

    """
    start_s = time.perf_counter()
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env=plain_environment() | dict(environment or {}),
        text=True,
    ) as process:
        assert process.stdout is not None
        stdout = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        elapsed_s = time.perf_counter() - start_s
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: exit {process.returncode}\n{stdout}")
    unit = 1 if sys.platform == "darwin" else 1024
    return Child(elapsed_s, usage.ru_maxrss * unit / 1e6, stdout)


def evo(*arguments: str) -> list[str]:
    """The command line `evo …` of the environment that this script runs in."""
    script = Path(sys.executable).with_name("evo")
    return [*([str(script)] if script.exists() else [sys.executable, "-m", "autograd_cli"]), *arguments]


def alternate(a: Callable[[], float], b: Callable[[], float], pairs: int) -> tuple[list[float], list[float]]:
    """`a`, `b`, `a`, `b` …: what the machine does meanwhile meets both alike. One of each goes unrecorded."""
    a(), b()
    measured = [(a(), b()) for _ in range(pairs)]
    return [first for first, _ in measured], [second for _, second in measured]


def median_ratio(a: Sequence[float], b: Sequence[float]) -> float:
    """The median of the ratios of pairs."""
    return median(first / second for first, second in zip(a, b, strict=True))


def spread(values: Sequence[float]) -> str:
    """Least and largest value, for a table."""
    return f"{min(values):.2f} to {max(values):.2f}"


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def verdict(holds: bool) -> str:
    """How a limit is reported."""
    return "yes" if holds else "**no**"


def circumstances() -> dict[str, str]:
    """Date, machine and versions."""
    facts = {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "cpu": _cpu_model(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
    }
    return facts | {name: version(name) for name in _PACKAGES}


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
