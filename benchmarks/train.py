"""Whole processes: `evo train` with its CSV and table, over a bare script of the same arithmetic.

python benchmarks/train.py [--pairs N] [--only TASK/IMPL]
"""

import argparse
import sys
import tempfile
from statistics import median
from typing import Any

from measure import CELLS, ROOT, alternate, evo, markdown, median_ratio, run_child, spread, verdict

LIMIT = 1.0
LIMIT_NUMPY = 0.9


def measure_cell(cell: str, pairs: int) -> dict[str, Any]:
    """Wall times of both programs, run in turn, and the median of their ratios."""
    task, impl = cell.split("/")
    bare = [sys.executable, str(ROOT / "benchmarks" / "bare" / f"{task}_{impl}.py")]
    with tempfile.TemporaryDirectory() as runs:
        ours = evo("train", "--task", task, "--impl", impl, "--runs-dir", runs)
        evo_s, bare_s = alternate(lambda: run_child(ours).elapsed_s, lambda: run_child(bare).elapsed_s, pairs)
    ratio, limit = median_ratio(evo_s, bare_s), LIMIT_NUMPY if impl == "numpy" else LIMIT
    return {
        "cell": cell,
        "evo_s": evo_s,
        "bare_s": bare_s,
        "ratio": ratio,
        "limit": limit,
        # "below 0.9" for numpy, "at most 1.00" for the others
        "holds": ratio < limit if impl == "numpy" else ratio <= limit,
    }


def measure(pairs: int, cells: tuple[str, ...] = CELLS) -> list[dict[str, Any]]:
    """All cells, with a line on stderr for each that is done."""
    results = []
    for cell in cells:
        results.append(measure_cell(cell, pairs))
        print(f"train {cell}: {results[-1]['ratio']:.3f}", file=sys.stderr)
    return results


def report(results: list[dict[str, Any]]) -> str:
    """The results as a Markdown table."""
    rows = [
        (
            r["cell"],
            f"{median(r['evo_s']):.3f}",
            f"{median(r['bare_s']):.3f}",
            f"{r['ratio']:.3f}",
            spread([a / b for a, b in zip(r["evo_s"], r["bare_s"], strict=True)]),
            f"{'<' if r['cell'].endswith('numpy') else '≤'} {r['limit']:.2f}",
            verdict(r["holds"]),
        )
        for r in results
    ]
    return markdown(("cell", "evo [s]", "bare [s]", "ratio", "pairs' ratios", "limit", "holds"), rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--only", choices=CELLS, action="append", metavar="TASK/IMPL")
    arguments = parser.parse_args()
    print(report(measure(arguments.pairs, tuple(arguments.only or CELLS))))


if __name__ == "__main__":
    main()
