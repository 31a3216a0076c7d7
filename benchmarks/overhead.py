"""What recording, display and the three verbs add to a loop, in one process and in pairs.

python benchmarks/overhead.py [--pairs N] [--only TASK/IMPL]

One side is the loop of `inline.py`. The other is the whole run as the command line drives it: the level's
verbs, losses.csv, the table on a pipe, and at the end, once however long the run, run.json and weights.npz.
"""

import argparse
import gc
import os
import sys
import tempfile
import threading
from statistics import median
from time import perf_counter
from typing import Any

from measure import CELLS, alternate, markdown, median_ratio, run_child, spread, verdict

LIMIT = 1.05


def measure_here(cell: str, pairs: int) -> dict[str, Any]:
    """Measure a cell in this process, whose threads are then the cell's."""
    import autograd_cli as evo  # after the parent has chosen the cell
    from autograd_cli.catalogue.registry import find_cell
    from autograd_cli.display.training import PlainScreen
    from autograd_cli.training.threads import set_threads

    task, impl = cell.split("/")
    config = next(run.config for run in evo.plan(task, impl).plan.runs)
    set_threads(config.threads)
    import inline  # imports torch, which must know its threads first

    gc.collect()
    gc.freeze()  # as the command line does before its loop

    without = getattr(inline, f"{task}_{impl}")
    problem = find_cell(task, impl).problems

    with tempfile.TemporaryDirectory() as runs, _reader() as out:
        end_s: list[float] = []

        def with_all() -> float:
            screen = PlainScreen(out)
            start_s = shown_s = 0.0

            def start(config: evo.RunConfig) -> None:
                nonlocal start_s
                gc.collect()
                start_s = perf_counter()
                screen.start(config)

            def show(batch: evo.Batch) -> None:
                nonlocal shown_s
                screen.show(batch)
                shown_s = perf_counter()

            run = evo.train(task, impl, runs_dir=runs, on_start=start, on_batch=show)
            screen.finish(run.record)
            now_s = perf_counter()
            end_s.append(now_s - shown_s)
            return now_s - start_s

        def without_all() -> float:
            made = problem.make(config)
            gc.collect()
            elapsed_s: float = without(made, config)
            return elapsed_s

        full_s, loop_s = alternate(with_all, without_all, pairs)
    ratio = median_ratio(full_s, loop_s)
    return {
        "cell": cell,
        "evo_s": full_s,
        "inline_s": loop_s,
        "end_s": end_s[1:],
        "ratio": ratio,
        "limit": LIMIT,
        "holds": ratio <= LIMIT,
    }


def _reader() -> Any:
    """The writing end of a pipe that a thread reads to its end."""
    read_end, write_end = os.pipe()

    def drain() -> None:
        while os.read(read_end, 65536):
            pass
        os.close(read_end)

    threading.Thread(target=drain, daemon=True).start()
    return os.fdopen(write_end, "w")


def measure(pairs: int, cells: tuple[str, ...] = CELLS) -> list[dict[str, Any]]:
    """All cells, each in a fresh process."""
    import json

    results = []
    for cell in cells:
        child = run_child([sys.executable, __file__, "--pairs", str(pairs), "--here", cell])
        results.append(json.loads(child.stdout))
        print(f"overhead {cell}: {results[-1]['ratio'] - 1:+.1%}", file=sys.stderr)
    return results


def report(results: list[dict[str, Any]]) -> str:
    """The results as a Markdown table."""
    rows = [
        (
            r["cell"],
            f"{median(r['evo_s']) * 1e3:.1f}",
            f"{median(r['inline_s']) * 1e3:.1f}",
            f"{r['ratio'] - 1:+.1%}",
            f"{median(r['end_s']) * 1e3:.1f}",
            spread([a / b for a, b in zip(r["evo_s"], r["inline_s"], strict=True)]),
            f"≤ {r['limit'] - 1:.0%}",
            verdict(r["holds"]),
        )
        for r in results
    ]
    header = (
        "cell",
        "whole run [ms]",
        "plain loop [ms]",
        "added",
        "of it once, at the end [ms]",
        "pairs' ratios",
        "limit",
        "holds",
    )
    return markdown(header, rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--only", choices=CELLS, action="append", metavar="TASK/IMPL")
    parser.add_argument("--here", choices=CELLS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        import json

        print(json.dumps(measure_here(arguments.here, arguments.pairs)))
    else:
        print(report(measure(arguments.pairs, tuple(arguments.only or CELLS))))


if __name__ == "__main__":
    main()
