"""The other commands: how long they take, and how much memory they and the NumPy level need.

python benchmarks/commands.py [--repeats N]
"""

import argparse
import math
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from measure import ROOT, Child, evo, markdown, plain_environment, run_child, verdict

RUNS = 1000
ROWS, MANY_ROWS = 500, 5000

# Peak memory of one and the same command varies by a few pages from process to process.
_SAME_MEMORY = 1.02


def make_runs(folder: Path, rows: int, count: int = RUNS) -> list[str]:
    """Completed runs, written by the writer that `evo train` uses."""
    import autograd_cli as evo  # a parent of children stays small
    from autograd_cli.contract.batch import Batch
    from autograd_cli.runs.writer import RunWriter

    config = evo.plan("sin", "numpy", steps=rows).plan.runs[0].config
    paths = []
    for seed in range(count):
        writer = RunWriter(folder, replace(config, seed=seed), f"run{seed:04}", {})
        losses = [8.8 + (1000 + seed) * math.exp(-step / 50) for step in range(rows)]
        writer.append(Batch(0, losses, [step * 1e-5 for step in range(rows)]))
        writer.finish("completed")
        paths.append(str(writer.path))
    return paths


def measure(repeats: int) -> list[dict[str, Any]]:
    """Every figure with its unit and its limit."""
    results = [
        _time("evo --help", evo("--help"), repeats, 0.150),
        _time("evo list", evo("list"), repeats, 0.150),
    ]
    with tempfile.TemporaryDirectory() as name:
        peaks = {}
        for rows in (ROWS, MANY_ROWS):
            print(f"commands: writing {RUNS} runs of {rows} rows", file=sys.stderr)
            # Elsewhere: a child's peak memory begins with its parent's, and the lists of losses are large.
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                paths = pool.submit(make_runs, Path(name, str(rows)), rows).result()
            compare = evo("compare", *paths)
            peaks[rows] = median(run_child(compare).peak_mb for _ in range(3))
            if rows == ROWS:
                what = f"evo compare, {RUNS} runs of {rows} rows"
                results.append(_time(what, compare, repeats, 1.5))
                files = evo("compare", *(f"{path}/losses.csv" for path in paths))
                results.append(
                    _time(f"evo compare, {RUNS} lone CSV files of {rows} rows", files, repeats, None)
                )
        grows = peaks[MANY_ROWS] / peaks[ROWS]
        results.append(_figure(f"evo compare, {RUNS} runs of {ROWS} rows: memory", peaks[ROWS], "MB", None))
        what = f"evo compare, the same with {MANY_ROWS} rows: memory over that"
        results.append(_figure(what, grows, "", _SAME_MEMORY))
        for task in ("mlp", "sin"):
            train = ["train", "--task", task, "--impl", "numpy", "--runs-dir", name]
            peak = max(run_child(evo(*train)).peak_mb for _ in range(3))
            results.append(_figure(f"evo train --task {task} --impl numpy: memory", peak, "MB", 80))
            modules = torch_modules(train)
            results.append(_figure(f"evo train --task {task} --impl numpy: modules of torch", modules, "", 0))
    return results


def torch_modules(arguments: Sequence[str]) -> int:
    """How many modules of torch a command imports, as the interpreter itself lists them."""
    command = [sys.executable, "-X", "importtime", "-m", "autograd_cli", *arguments]
    process = subprocess.run(
        command, check=True, cwd=ROOT, env=plain_environment(), capture_output=True, text=True
    )
    names = [line.rpartition("|")[2].strip() for line in process.stderr.splitlines()]
    assert "autograd_cli.cli.app" in names
    return sum(name.partition(".")[0] == "torch" for name in names)


def _time(what: str, command: Sequence[str], repeats: int, limit_s: float | None) -> dict[str, Any]:
    children: list[Child] = [run_child(command) for _ in range(repeats + 1)][1:]
    return _figure(what, median(child.elapsed_s for child in children), "s", limit_s)


def _figure(what: str, value: float, unit: str, limit: float | None) -> dict[str, Any]:
    print(f"commands: {what}: {value:.3f} {unit}", file=sys.stderr)
    return {
        "what": what,
        "value": value,
        "unit": unit,
        "limit": limit,
        "holds": None if limit is None else value <= limit,
    }


def report(results: list[dict[str, Any]]) -> str:
    """The results as a Markdown table."""
    rows = [
        (
            r["what"],
            f"{r['value']:.3g} {r['unit']}".strip(),
            "" if r["limit"] is None else f"{r['limit']:g} {r['unit']}".strip(),
            "" if r["holds"] is None else verdict(r["holds"]),
        )
        for r in results
    ]
    return markdown(("what", "median", "limit", "holds"), rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9)
    print(report(measure(parser.parse_args().repeats)))


if __name__ == "__main__":
    main()
