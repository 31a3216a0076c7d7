"""Whole processes: `evo train` forked from a warm process, over a bare script of the same arithmetic.

python benchmarks/warm.py [--pairs N] [--only TASK/IMPL]
"""

import argparse
import sys
import tempfile
from statistics import median
from typing import Any

from measure import CELLS, ROOT, alternate, evo, markdown, median_ratio, plain_environment, run_child, spread

LIMIT, LIMIT_NUMPY = 0.35, {"mlp/numpy": 0.85, "sin/numpy": 0.45}
# 30,000 steps of a program that Python steers: the arithmetic is most of the bare script.
LIMIT_DYNAMIC = 0.75
LIMIT_MEDIAN = 0.25


def limit_of(cell: str) -> float:
    """At most this fraction of the bare script's time."""
    return LIMIT_DYNAMIC if cell == "sin/dynamic" else LIMIT_NUMPY.get(cell, LIMIT)


def measure_cell(cell: str, pairs: int, environment: dict[str, str]) -> dict[str, Any]:
    """Wall times of both programs, run in turn, and the median of their ratios."""
    task, impl = cell.split("/")
    bare = [sys.executable, str(ROOT / "benchmarks" / "bare" / f"{task}_{impl}.py")]
    with tempfile.TemporaryDirectory() as runs:
        ours = evo("train", "--task", task, "--impl", impl, "--runs-dir", runs)
        warm_s, bare_s = alternate(
            lambda: run_child(ours, environment).elapsed_s,
            lambda: run_child(bare, environment).elapsed_s,
            pairs,
        )
    return {"cell": cell, "warm_s": warm_s, "bare_s": bare_s, "ratio": median_ratio(warm_s, bare_s)}


def measure(pairs: int, cells: tuple[str, ...] = CELLS) -> tuple[str, list[dict[str, Any]]]:
    """What the warm process says of itself, and all cells, with a line on stderr for each that is done."""
    results = []
    with tempfile.TemporaryDirectory() as runtime:
        environment = plain_environment() | {"XDG_RUNTIME_DIR": runtime}
        run_child(evo("warm"), environment)
        try:
            for cell in cells:
                results.append(measure_cell(cell, pairs, environment | {"EVO_WARM": "verbose"}))
                print(f"warm {cell}: {results[-1]['ratio']:.3f}", file=sys.stderr)
            state = run_child(evo("warm", "--status"), environment).stdout
        finally:
            run_child(evo("warm", "--stop"), environment)
    return state, results


def report(state: str, results: list[dict[str, Any]]) -> str:
    """The results as a Markdown table."""
    rows = [
        (
            r["cell"],
            f"{median(r['warm_s']):.3f}",
            f"{median(r['bare_s']):.3f}",
            f"{r['ratio']:.3f}",
            spread([a / b for a, b in zip(r["warm_s"], r["bare_s"], strict=True)]),
            f"≤ {limit_of(r['cell']):.2f}",
            "yes" if r["ratio"] <= limit_of(r["cell"]) else "**no**",
        )
        for r in results
    ]
    ratios = [r["ratio"] for r in results if not r["cell"].endswith("numpy")]
    whole = f"median of the torch cells: {median(ratios):.3f} (≤ {LIMIT_MEDIAN:.2f})\n" if ratios else ""
    table = markdown(("cell", "warm [s]", "bare [s]", "ratio", "pairs' ratios", "limit", "holds"), rows)
    return f"{table}\n{whole}{state}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--only", choices=CELLS, action="append", metavar="TASK/IMPL")
    arguments = parser.parse_args()
    print(report(*measure(arguments.pairs, tuple(arguments.only or CELLS))))


if __name__ == "__main__":
    main()
