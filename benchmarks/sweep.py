"""What a sweep costs, against a shell loop of bare scripts, Hydra's --multirun, and JAX.

    python benchmarks/sweep.py [--pairs 3] [--sample 8] [--hydra FOLDER] [--jax FOLDER] [--output FILE]

Whole processes, each beside its baseline in the same minute; medians of the paired ratios. Of the shell loop,
which takes minutes, `--sample` runs are timed in every pair and multiplied up: its runs are independent of
each other. `--hydra` is a folder with hydra-core in it (`pip install --target FOLDER hydra-core`), `--jax`
one with jax, which trains the same runs by jax_peer.py, in its own float32 where evo's are float64.
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
from functools import partial
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
MANY_WHOLE = ["--task", "sin", "--impl", "gram", "seed=0..9999"]
SIN_GRAM = ["--task", "sin", "--impl", "gram", "lr=log:1e-7:1e-6:16", "seed=0..15"]
SIN_RMSPROP = ["--task", "sin", "optimizer=RMSprop", "lr=1e-3", "seed=0..255", "--impl"]
MLP_GRAM = ["--task", "mlp", "--impl", "gram", "seed=0..63"]

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


def batch_s(task: str, impl: str, runs: int = 256) -> float:
    """CPU seconds of one run's share of the arithmetic of a batch; the best of three."""
    (run,) = evo.plan(task, impl).plan.runs
    config = run.config
    size = max(min(runs, BATCH_BYTES // run.cell.batch_class.bytes_per_run(config)), 1)
    times = []
    for _ in range(3):
        level = run.cell.make_batch([config] * size)
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


def row(name: str, sweep: list[str], against: str, other: Callable[[], float], pairs: int) -> str:
    """A sweep beside what it is held against, as a row of the table."""
    ours, theirs, ratio = paired(pairs, lambda: sweep_s(sweep), other)
    digits = 0 if theirs >= 100 else 1
    return f"| {name} | {ours:.2f} s | {against} {theirs:.{digits}f} s | {ratio:.1f} |"


def shell_row(name: str, sweep: list[str], script: str, runs: int, options: argparse.Namespace) -> str:
    """A sweep beside a shell loop of a bare script."""
    file = HERE / "bare" / f"{script}.py"
    return row(name, sweep, "shell loop", lambda: shell_s(file, runs, options.sample), options.pairs)


def jax_rows(name: str, task: str, runs: int, sweep: list[str], options: argparse.Namespace) -> list[str]:
    """A sweep beside JAX: whole processes, and a sentence of what their steps take, once compiled."""
    peer = [sys.executable, str(HERE / "jax_peer.py"), task, str(runs)]
    whole = row(name, sweep, "JAX", lambda: wall_s([*peer, "--once"], options.jax), options.pairs)
    environment = os.environ | {"PYTHONPATH": options.jax}
    theirs_s = float(subprocess.check_output(peer, text=True, env=environment).split()[-1])
    ours_s = batch_s(task, "gram", runs) * runs
    return [
        whole,
        f"The steps of {runs} runs of {task} alone take {ours_s:.3g} s of one core by `gram`, and "
        f"{theirs_s:.3g} s of all cores by JAX, once compiled: {theirs_s / ours_s:.1f} times as long.",
    ]


def report(options: argparse.Namespace) -> str:
    """All measurements, as Markdown."""
    torch.set_num_threads(1)
    pairs = options.pairs
    rows = [
        shell_row("sin, 256 runs, batched", SIN, "sin_autograd", 256, options),
        shell_row("sin, 256 runs, gram", SIN_GRAM, "sin_autograd", 256, options),
        shell_row("sin by RMSprop, 256 runs, batched", [*SIN_RMSPROP, "batched"], "sin_optim", 256, options),
        shell_row("sin by RMSprop, 256 runs, gram", [*SIN_RMSPROP, "gram"], "sin_optim", 256, options),
        shell_row("mlp, 64 runs, gram", MLP_GRAM, "mlp_autograd", 64, options),
    ]
    for impl in MLP_LEVELS:
        ours = [*MLP, "--impl", impl]
        rows.append(shell_row(f"mlp/{impl}, 64 runs, processes", ours, f"mlp_{impl}", 64, options))
    if options.hydra:
        hydra = (
            ("mlp, 64 runs, gram", MLP_GRAM, "autograd"),
            *((f"mlp/{impl}, 64 runs, processes", [*MLP, "--impl", impl], impl) for impl in MLP_LEVELS),
        )
        for name, ours, impl in hydra:
            theirs = partial(hydra_s, options.hydra, impl, 64)
            rows.append(row(name, ours, "Hydra --multirun", theirs, pairs))
    notes = [
        "Where a sweep of `gram` stands beside another program, that trains level `autograd` or `optim`."
    ]
    if options.jax:
        for task, runs, ours in (("sin", 256, SIN_GRAM), ("mlp", 64, MLP_GRAM)):
            whole, alone = jax_rows(f"{task}, {runs} runs, gram", task, runs, ours, options)
            rows.append(whole)
            notes.append(alone)
    start_s = median(wall_s([sys.executable, "-c", "import torch"]) for _ in range(3))
    one_step = {impl: run_ms(impl, pairs) for impl in ("gram", "batched", "autograd")}
    files = files_ms()
    floors = [
        ("sin, 256 runs, gram", batch_s("sin", "gram"), 256),
        ("sin, 256 runs, batched", batch_s("sin", "batched"), 256),
        ("mlp, 64 runs, gram", batch_s("mlp", "gram", 64), 64),
        *((f"mlp/{impl}, 64 runs", level_s("mlp", impl), 64) for impl in MLP_LEVELS),
    ]
    gram, numpy = batch_s("mlp", "gram", 1), level_s("mlp", "numpy")
    lines = [
        "# Sweeps",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}, {cores()} cores of {platform.machine()}, Python "
        f"{platform.python_version()}, torch {torch.__version__}, NumPy {np.__version__}; {pairs} pairs, "
        f"{options.sample} runs of each shell loop timed and multiplied up. By `python benchmarks/sweep.py`.",
        "",
        "| sweep | evo | baseline | baseline / evo |",
        "| --- | ---: | ---: | ---: |",
        *rows,
        "",
        *notes,
        "",
        "| what the steps alone cost | a run | all, on one core |",
        "| --- | ---: | ---: |",
        *(f"| {name} | {run * 1e3:.2f} ms | {run * runs:.2f} s |" for name, run, runs in floors),
        "",
        f"One run of mlp by `gram`, 500 steps in float64, takes {gram * 1e3:.0f} ms of processor time, where "
        f"the loop of level `numpy` takes {numpy * 1e3:.0f} ms: {gram / numpy:.2f} of it.",
        "",
        f"`import torch` alone takes {start_s:.2f} s of every sweep of a torch level. Each of 1,000 runs of "
        f"one step adds {one_step['gram']:.2f} ms by `gram`, {one_step['batched']:.2f} ms by `batched`, and "
        f"{one_step['autograd']:.2f} ms where each is a program of its own; the four files alone take "
        f"{files:.2f} ms on one core. The rest is the run's data and start, its plan and digest, its "
        "configuration and record as text, and the locks that tell others that it goes on.",
        "",
        measure_start(pairs),
        "",
        "At optim each worker imports what torch.optim wants on its first step (torch._dynamo, about a",
        "second), which neither fork nor order avoids.",
        "",
        "| 10,000 runs in one folder | wall time | peak memory |",
        "| --- | ---: | ---: |",
        *measure_large_folder(),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write the report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--sample", type=int, default=8)
    parser.add_argument("--hydra", metavar="FOLDER")
    parser.add_argument("--jax", metavar="FOLDER")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    text = report(options)
    print(text)
    if options.output:
        options.output.write_text(text)
        readme.write()


if __name__ == "__main__":
    main()
