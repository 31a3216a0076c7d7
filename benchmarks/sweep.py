"""What a sweep costs, against a shell loop of bare scripts and against Hydra's --multirun.

    python benchmarks/sweep.py [--pairs 3] [--sample 8] [--hydra FOLDER] [--output benchmarks/SWEEP.md]

Whole processes, each beside its baseline in the same minute; medians of the paired ratios. Of the shell loop,
which takes minutes, `--sample` runs are timed in every pair and multiplied up: its runs are independent of
each other. `--hydra` is a folder with hydra-core in it (`pip install --target FOLDER hydra-core`).
"""

import argparse
import os
import platform
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import numpy as np
import readme
import torch

import autograd_cli as evo
from autograd_cli.runs.disk import sync_file_system
from autograd_cli.sweep.batched import BATCH_BYTES
from autograd_cli.training.cores import cores
from autograd_cli.training.loop import train

HERE = Path(__file__).parent
EVO = [sys.executable, "-m", "autograd_cli"]
SIN = ["--task", "sin", "--impl", "batched", "lr=log:1e-7:1e-6:16", "seed=0..15"]
MLP = ["--task", "mlp", "seed=0..63", "--engine", "processes"]
MLP_LEVELS = ("optim", "autograd")
ONE_STEP = ["--task", "sin", "seed=0..999", "steps=1"]
MANY = ["--task", "sin", "--impl", "batched", "seed=0..9999", "steps=1"]
MANY_WHOLE = ["--task", "sin", "--impl", "batched", "seed=0..9999"]

# A process starts with its parent's peak memory: this small one stands between, and tells seconds and kB.
PEAK = """
import os, subprocess, sys, time
start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
usage = os.wait4(process.pid, 0)[2]
print(time.perf_counter() - start, usage.ru_maxrss)
"""


def wall_s(command: list[str], path: str = "") -> float:
    """Seconds that a whole process takes."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE.parent), path])}
    start = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment)
    return time.perf_counter() - start


def sweep_s(arguments: list[str]) -> float:
    """A whole `evo sweep` into an empty folder."""
    with tempfile.TemporaryDirectory() as runs_dir:
        return wall_s([*EVO, "sweep", *arguments, "--runs-dir", runs_dir])


def shell_s(script: Path, runs: int, sample: int) -> float:
    """A shell loop of `runs` runs of a bare script, from `sample` of them."""
    loop = f"for i in $(seq {sample}); do {sys.executable} {shlex.quote(str(script))} $i; done"
    return wall_s(["bash", "-c", loop]) * runs / sample


def hydra_s(folder: str, impl: str, runs: int) -> float:
    """Hydra's --multirun with its default launcher over evo's training function."""
    with tempfile.TemporaryDirectory() as scratch:
        app = [sys.executable, str(HERE / "hydra_app.py"), "-m", "task=mlp", f"impl={impl}"]
        places = [f"runs_dir={scratch}/runs", f"hydra.sweep.dir={scratch}/hydra"]
        return wall_s([*app, f"seed=range({runs})", *places], folder)


def run_ms(impl: str, pairs: int) -> float:
    """Milliseconds that each of 1,000 runs of one step adds to a sweep, beyond one of two runs."""
    few = [word.replace("0..999", "0..1") for word in ONE_STEP]
    rows = [(sweep_s([*ONE_STEP, "--impl", impl]), sweep_s([*few, "--impl", impl])) for _ in range(pairs)]
    return median(all_s - few_s for all_s, few_s in rows) / 998 * 1e3


def files_ms(runs: int = 1000) -> float:
    """Milliseconds for a run's four files alone, made hidden, renamed and synced: no sweep does less."""
    contents = {
        "config.yaml": b"c" * 200,
        "run.json": b"j" * 1500,
        "losses.csv": b"l" * 50,
        "weights.npz": b"w" * 900,
    }
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        for i in range(runs):
            os.mkdir(f"{folder}/.hidden")
            for name, content in contents.items():
                descriptor = os.open(f"{folder}/.hidden/{name}", os.O_WRONLY | os.O_CREAT, 0o666)
                os.write(descriptor, content)
                os.close(descriptor)
            os.rename(f"{folder}/.hidden", f"{folder}/{i}")
        sync_file_system(Path(folder))
        return (time.perf_counter() - start) / runs * 1e3


def peak_of(command: list[str]) -> tuple[float, float]:
    """Seconds of a command, and its largest process's peak memory in MB."""
    output = subprocess.check_output([sys.executable, "-c", PEAK, *command], text=True)
    seconds, peak_kb = map(float, output.split())
    return seconds, peak_kb / 1024


def measure_start(pairs: int) -> str:
    """What `evo train` adds to NumPy's own start-up, less the arithmetic: a run of one step."""

    def bare() -> float:
        return wall_s([sys.executable, "-c", "import numpy; numpy.random.randn(3)"])

    def train_one() -> float:
        with tempfile.TemporaryDirectory() as runs_dir:
            train = ["train", "--task", "mlp", "--impl", "numpy", "steps=1", "--runs-dir", runs_dir, "-q"]
            return wall_s([*EVO, *train])

    first, second, _ = paired(pairs, bare, train_one)
    return (
        f"`evo train --impl numpy --task mlp steps=1` takes {second * 1e3:.0f} ms, of which importing NumPy "
        f"and its random numbers alone takes {first * 1e3:.0f} ms."
    )


def level_s(task: str, impl: str) -> float:
    """CPU seconds of one run's arithmetic in the loop of training.py, nothing recorded; the best of three."""
    (run,) = evo.plan(task, impl).plan.runs
    config = run.config
    times = []
    for _ in range(3):
        level = run.cell.make(config)
        start = time.process_time()
        for _ in train(level, config.steps):
            pass
        times.append(time.process_time() - start)
    return min(times)


def batch_s(runs: int = 256) -> float:
    """CPU seconds of one run's share of the arithmetic of a batch of sin; the best of three."""
    from autograd_cli.tasks.sin.batched import SinRuns  # needs threads set first

    (run,) = evo.plan("sin", "batched").plan.runs
    config = run.config
    size = min(runs, BATCH_BYTES // SinRuns.bytes_per_run(config))
    problem = run.cell.problems.make(config)
    times = []
    for _ in range(3):
        level = SinRuns([problem] * size, [config] * size)
        start = time.process_time()
        for _ in range(config.steps):
            level.backward(level.forward())
            level.update()
        times.append((time.process_time() - start) / size)
    return min(times)


def paired(pairs: int, one: Callable[[], float], other: Callable[[], float]) -> tuple[float, float, float]:
    """Medians of both times, and of the paired ratios other / one."""
    rows = [(one(), other()) for _ in range(pairs)]
    return median(a for a, _ in rows), median(b for _, b in rows), median(b / a for a, b in rows)


def measure_large_folder() -> list[str]:
    """Planning, resuming and comparing in a folder of 10,000 runs: seconds and peak memory."""
    lines = []
    with tempfile.TemporaryDirectory() as runs_dir:
        subprocess.run(
            [*EVO, "sweep", *MANY, "--runs-dir", runs_dir, "-q"], stdout=subprocess.DEVNULL, check=True
        )
        paths = [str(path) for path in Path(runs_dir).glob("2*")]
        commands = {
            "planning (--dry-run)": ["sweep", *MANY, "--runs-dir", runs_dir, "--dry-run"],
            "resuming, all there": ["sweep", *MANY, "--runs-dir", runs_dir],
            "compare": ["compare", *paths],
            "compare --group-by lr --over seed": ["compare", *paths, "--group-by", "lr", "--over", "seed"],
        }
        for name, command in commands.items():
            seconds, peak_mb = peak_of([*EVO, *command])
            lines.append(f"| {name} | {seconds:.2f} s | {peak_mb:.0f} MB |")
    with tempfile.TemporaryDirectory() as runs_dir:
        seconds, peak_mb = peak_of([*EVO, "sweep", *MANY_WHOLE, "--runs-dir", runs_dir, "-q"])
        lines.append(f"| training them, 2,000 steps each | {seconds:.2f} s | {peak_mb:.0f} MB |")
    return lines


def measure_mlp(impl: str, pairs: int, sample: int, hydra: str | None) -> tuple[float, list[str]]:
    """64 runs of a level of mlp against both baselines: the sweep's seconds, and the rows of the table."""

    def evo() -> float:
        return sweep_s([*MLP, "--impl", impl])

    bare = HERE / "bare" / f"mlp_{impl}.py"
    sweep, shell, ratio = paired(pairs, evo, lambda: shell_s(bare, 64, sample))
    rows = [f"| mlp/{impl}, 64 runs, processes | {sweep:.2f} s | shell loop {shell:.0f} s | {ratio:.1f} |"]
    if hydra:
        again, other, ratio = paired(pairs, evo, lambda: hydra_s(hydra, impl, 64))
        rows.append(f"| the same | {again:.2f} s | Hydra --multirun {other:.1f} s | {ratio:.1f} |")
    return sweep, rows


def report(pairs: int, sample: int, hydra: str | None) -> str:
    """All measurements, as Markdown."""
    torch.set_num_threads(1)
    lines = [
        "# Sweeps",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {cores()} cores of {platform.machine()}, Python "
        f"{platform.python_version()}, torch {torch.__version__}, NumPy {np.__version__}; {pairs} pairs, "
        f"{sample} runs of each shell loop timed and multiplied up. By `python benchmarks/sweep.py`.",
        "",
        "| sweep | evo | baseline | baseline / evo |",
        "| --- | ---: | ---: | ---: |",
    ]
    sin, shell, ratio = paired(
        pairs, lambda: sweep_s(SIN), lambda: shell_s(HERE / "bare" / "sin_autograd.py", 256, sample)
    )
    lines.append(f"| sin, 256 runs, batched | {sin:.2f} s | shell loop {shell:.0f} s | {ratio:.1f} |")
    mlp_s = {}
    for impl in MLP_LEVELS:
        mlp_s[impl], rows = measure_mlp(impl, pairs, sample, hydra)
        lines += rows
    floor_sin = batch_s()
    start_s = median(wall_s([sys.executable, "-c", "import torch"]) for _ in range(3))
    one_step = {impl: run_ms(impl, pairs) for impl in ("batched", "autograd")}
    files = files_ms()
    lines += [
        "",
        "| floor | a run | all, on the cores used | reached |",
        "| --- | ---: | ---: | ---: |",
        f"| sin, batched: the arithmetic | {floor_sin * 1e3:.2f} ms | {floor_sin * 256:.2f} s on 1 core | "
        f"{floor_sin * 256 / sin:.0%} |",
        *(_mlp_floor(impl, seconds) for impl, seconds in mlp_s.items()),
        "",
        f"`import torch` alone takes {start_s:.2f} s of every sweep. Each of 1,000 runs of one step adds "
        f"{one_step['batched']:.2f} ms where they are one program, and {one_step['autograd']:.2f} ms where "
        f"each is one of its own; the four files alone take {files:.2f} ms on one core, "
        f"{files / one_step['batched']:.0%} of the former. The rest is the run's data and start, its plan "
        "and digest, its configuration and record as text, and the locks that tell others that it goes on.",
        "",
        measure_start(pairs),
        "",
        "Why not all of the floor: every sweep imports torch once, on one core, before anything can start.",
        "At optim each worker then imports what torch.optim wants on its first step (torch._dynamo, about a",
        "second), which neither fork nor order avoids. The rest is each run's data, start and four files.",
        "",
        "| 10,000 runs in one folder | wall time | peak memory |",
        "| --- | ---: | ---: |",
        *measure_large_folder(),
    ]
    return "\n".join(lines) + "\n"


def _mlp_floor(impl: str, sweep: float) -> str:
    """A row: what the loops of 64 runs alone need on all cores, and how much of the sweep that is."""
    run = level_s("mlp", impl)
    floor = run * 64 / cores()
    return f"| mlp/{impl}: the loop | {run * 1e3:.0f} ms | {floor:.2f} s on {cores()} | {floor / sweep:.0%} |"


def main() -> None:
    """Measure, print and write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--sample", type=int, default=8)
    parser.add_argument("--hydra", metavar="FOLDER")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    text = report(options.pairs, options.sample, options.hydra)
    print(text)
    if options.output:
        options.output.write_text(text)
        readme.write()


if __name__ == "__main__":
    main()
