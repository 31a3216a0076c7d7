"""What the live screens of `evo train` and `evo sweep` add, in one process and in pairs.

python benchmarks/screens.py [--pairs N]

One side shows nothing, the other draws on a terminal that somebody reads; both record. Compared are the
process's own seconds, user and system. Of a busy machine the pairs say little; the largest share of a run
that was spent inside of the screen says the same with less noise, and is what is held against the limit.
"""

import argparse
import gc
import os
import pty
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import contextmanager
from statistics import median
from time import process_time
from typing import Any

from measure import alternate, markdown, median_ratio, spread, verdict

LIMIT = 1.02
CELLS = ("mlp/numpy", "sin/numpy", "sin/batched")
STEPS = {"mlp/numpy": 3000, "sin/numpy": 100_000, "sin/batched": 6_000}


@contextmanager
def console(columns: int) -> Any:
    """A rich console on a terminal of so many columns, whose other end is read by a thread."""
    from rich.console import Console

    main, side = pty.openpty()

    def drain() -> None:
        while True:
            try:
                if not os.read(main, 65536):
                    return
            except OSError:
                return

    threading.Thread(target=drain, daemon=True).start()
    with os.fdopen(side, "w", encoding="utf-8") as out:
        size = {"COLUMNS": str(columns), "LINES": "40", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        yield Console(file=out, force_terminal=True, width=columns, height=40, _environ=size)


def measure(cell: str, columns: int, pairs: int) -> dict[str, Any]:
    """A cell with and without its screen."""
    import autograd_cli as evo
    from autograd_cli.display import sweep as sweeping
    from autograd_cli.display import training
    from autograd_cli.training.signals import Interruption

    task, impl = cell.split("/")
    nowhere = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - as long as the process

    inside_s: list[float] = []

    def timed(show: Callable[[Any], None]) -> Callable[[Any], None]:
        def call(what: Any) -> None:
            start_s = process_time()
            show(what)
            inside_s[-1] += process_time() - start_s

        return call

    def train(screen: training.Screen) -> float:
        inside_s.append(0.0)
        with tempfile.TemporaryDirectory() as runs, screen:
            gc.collect()
            start_s = process_time()
            evo.train(
                task,
                impl,
                steps=STEPS[cell],
                threads=1,
                runs_dir=runs,
                on_load=screen.load,
                on_start=screen.start,
                on_batch=timed(screen.show),
            )
            return process_time() - start_s

    def sweep(open_screen: Callable[[Any], sweeping.SweepScreen]) -> float:
        inside_s.append(0.0)
        with tempfile.TemporaryDirectory() as runs:
            what: dict[str, Any] = {"lr": "log:1e-7:3e-6:8", "seed": range(16), "steps": STEPS[cell]}
            job = evo.plan(task, impl, workers=1, runs_dir=runs, **what)
            gc.collect()
            start_s = process_time()
            with Interruption() as interruption, open_screen(job) as screen:
                show = timed(screen.show)
                for event in job.run(interruption):
                    show(event)
            return process_time() - start_s

    with console(columns) as live:
        if impl == "batched":
            shown_s, quiet_s = alternate(
                lambda: sweep(lambda job: sweeping.LiveScreen(job, live)),
                lambda: sweep(lambda job: sweeping.QuietScreen(job, nowhere)),
                pairs,
            )
        else:
            shown_s, quiet_s = alternate(
                lambda: train(training.LiveScreen(live)), lambda: train(training.QuietScreen(nowhere)), pairs
            )
    ratio = median_ratio(shown_s, quiet_s)
    pairs_of = [a / b for a, b in zip(shown_s, quiet_s, strict=True)]
    share = max(inside_s) / median(shown_s)
    return {"ratio": ratio, "pairs": pairs_of, "quiet_s": quiet_s, "share": share}


def main() -> None:
    """Measure, and print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--pairs", type=int, default=7)
    pairs = parser.parse_args().pairs
    rows = []
    for cell in CELLS:
        for columns in (80, 200):
            found = measure(cell, columns, pairs)
            holds = verdict(found["share"] <= LIMIT - 1)
            added, range_ = f"{found['ratio'] - 1:+.1%}", spread(found["pairs"])
            own = f"{found['share']:.1%}"
            rows.append((cell, columns, f"{min(found['quiet_s']):.2f}", added, range_, own, holds))
            print(f"screens {cell} at {columns} columns: {added}, {own} in the screen", file=sys.stderr)
    header = (
        "cell",
        "columns",
        "without [s]",
        "added",
        "pairs' ratios",
        "in the screen",
        f"≤ {LIMIT - 1:.0%}",
    )
    print(markdown(header, rows))


if __name__ == "__main__":
    main()
