"""`python -m tests.faults`: every fault, many times; prints the table and writes it to docs/FAULTS.md.

With words as arguments, only the faults whose names have one of them, and nothing is written. `--share 0.25`
makes a quarter of the tries, at least one of each; the table says how many there were.
"""

import argparse
import os
import platform
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import local

from autograd_cli.version import __version__
from tests.faults.harness import PENDING, Fault, Loss, Skipped
from tests.faults.nursery import Nursery
from tests.faults.table import FAULTS
from tests.helpers import ROOT

FILE = ROOT / "docs" / "FAULTS.md"
_WORKERS = 2
_HEADER = ("fault", "tries", "survived", "lost")


def main(words: list[str], share: float = 1.0) -> int:
    """Try what the words choose; 1 if anything was lost."""
    chosen = [fault for fault in FAULTS if not words or any(word in fault.name for word in words)]
    start_s = time.monotonic()
    mine = local()
    nurseries: list[Nursery] = []

    def attempt(fault: Fault, number: int) -> list[Loss]:
        if not hasattr(mine, "nursery"):
            mine.nursery = Nursery()
            nurseries.append(mine.nursery)
        try:
            return fault.tried(number, fault.long, mine.nursery)
        except Skipped:
            raise
        except Exception as error:
            return [Loss("suite", f"{type(error).__name__}: {error}")]

    rows, details = [], []
    with ThreadPoolExecutor(_WORKERS) as pool:
        for fault in chosen:
            began_s = time.monotonic()
            tries = max(round(fault.long * share), 1)
            try:
                results = list(pool.map(attempt, [fault] * tries, range(tries)))
            except Skipped as reason:
                rows.append((fault.name, "0", "-", f"skipped: {reason}"))
                sys.stdout.write(f"{fault.name}: skipped: {reason}\n")
                continue
            lost = [losses for losses in results if losses]
            rows.append((fault.name, str(tries), str(tries - len(lost)), str(len(lost))))
            sys.stdout.write(f"{'  '.join(rows[-1])}  ({time.monotonic() - began_s:.0f} s)\n")
            for (kind, what), count in Counter((one.kind, one.what) for all_ in lost for one in all_).items():
                details.append(f"{fault.name}: {kind}: {what}" + (f" ({count} times)" if count > 1 else ""))
                sys.stdout.write(f"  {details[-1]}\n")
            sys.stdout.flush()
    for nursery in nurseries:
        nursery.__exit__(None, None, None)
    report = _report(rows, time.monotonic() - start_s)
    sys.stdout.write(report)
    if not words:
        FILE.write_text(report, encoding="utf-8")
    return 1 if details else 0


def _report(rows: Sequence[tuple[str, ...]], elapsed_s: float) -> str:
    import numpy
    import torch

    versions = (
        f"evo {__version__}, Python {platform.python_version()}, NumPy {numpy.__version__}, "
        f"torch {torch.__version__}"
    )
    lines = [
        "# Faults",
        "",
        "What `make faults` has done to the real program, and what was lost by it: a wrong loss, a torn row",
        "shown as whole, a run lost or doubled in a resumed sweep, a `completed` run whose files are less, a",
        "hang, a traceback, a folder left behind that is no run. `tests/faults/` says how each is made.",
        "",
        f"{datetime.now(UTC):%Y-%m-%d}; {versions}; {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} cores; {elapsed_s / 60:.0f} minutes.",
        "",
    ]
    for row in (_HEADER, ("---", "---:", "---:", "---:"), *rows):
        lines.append(f"| {' | '.join(row)} |")
    if PENDING:
        lines += ["", f"Not counted, because the change is still to come: {'; '.join(sorted(PENDING))}."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--share", type=float, default=1.0)
    arguments = parser.parse_args()
    sys.exit(main(arguments.words, arguments.share))
