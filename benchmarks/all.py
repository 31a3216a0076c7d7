"""Everything that is measured here, written to RESULTS.md and results.json.

python benchmarks/all.py [--pairs N]        # some 20 minutes on two quiet cores
"""

import argparse
import json
from pathlib import Path
from typing import Any

import commands
import kernels
import overhead
import train
from measure import circumstances, markdown

HERE = Path(__file__).parent

_REPORT = """\
# Measured

Written by `python benchmarks/all.py`; the single measurements are in `results.json`. Times are wall times,
ratios are medians of the ratios of pairs that ran in turn (A B A B), after one of each that was not counted.
Variables that choose threads or kernels (`OPENBLAS_…`, `OMP_…`, `MKL_…`) are taken out of the environment.

{circumstances}
## `evo train` over a bare script

Whole processes, stdout on a pipe. The bare scripts are in `bare/`: the same arithmetic, as many
printed lines.

{train}
## What recording, display and the three verbs add to a loop

In one process. The plain loops are in `inline.py`; the whole run is what `evo train` does from its first step
until weights and result are written.

{overhead}
## The other commands

{commands}
## OpenBLAS's choice of kernels

The two large products of a step of mlp/numpy, in one thread: the kernels that OpenBLAS picks by itself, over
those for AVX-512.

{kernels}"""


def write(results: dict[str, Any]) -> None:
    """Replace both files."""
    report = _REPORT.format(
        circumstances=markdown(("what", "value"), results["circumstances"].items()),
        train=train.report(results["train"]),
        overhead=overhead.report(results["overhead"]),
        commands=commands.report(results["commands"]),
        kernels=kernels.report(results["kernels"]),
    )
    (HERE / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (HERE / "RESULTS.md").write_text(report, encoding="utf-8")


def main() -> None:
    """Measure, write, and print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7, help="of whole processes; loops take twice as many")
    pairs = parser.parse_args().pairs
    results = {
        "circumstances": circumstances(),
        "train": train.measure(pairs),
        "overhead": overhead.measure(2 * pairs),
        "commands": commands.measure(pairs),
        "kernels": kernels.measure(pairs),
    }
    write(results)
    print((HERE / "RESULTS.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
