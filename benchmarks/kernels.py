"""Whether OpenBLAS picks the right kernels by itself: NumPy's products in mlp by default and with AVX-512.

python benchmarks/kernels.py [--pairs N]
"""

import argparse
import sys
from pathlib import Path
from statistics import median
from typing import Any

from measure import alternate, markdown, median_ratio, run_child

KERNELS = "SKYLAKEX"

# The two large products of a step, in the sizes and the dtype of mlp/numpy; the median of many blocks.
_PROGRAM = """
from statistics import median
from time import perf_counter
import numpy as np
x, w1, grad_h = np.ones((64, 1000)), np.ones((1000, 100)), np.ones((64, 100))
times = []
for block in range(41):
    start = perf_counter()
    for _ in range(10):
        x @ w1
        x.T @ grad_h
    times.append((perf_counter() - start) / 10)
print(median(times))
"""


def measurable() -> bool:
    """Whether this machine has the instructions of both."""
    try:
        return "avx512vl" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split()
    except OSError:
        return False


def measure(pairs: int) -> dict[str, Any]:
    """Seconds a step of either, in one thread, and the median of the ratios of default over AVX-512."""
    if not measurable():
        return {"kernels": None}
    one_thread = {"OPENBLAS_NUM_THREADS": "1"}

    def step_s(environment: dict[str, str]) -> float:
        return float(run_child([sys.executable, "-c", _PROGRAM], one_thread | environment).stdout)

    default_s, avx512_s = alternate(lambda: step_s({}), lambda: step_s({"OPENBLAS_CORETYPE": KERNELS}), pairs)
    ratio = median_ratio(default_s, avx512_s)
    return {"kernels": KERNELS, "default_s": default_s, "avx512_s": avx512_s, "ratio": ratio}


def report(result: dict[str, Any]) -> str:
    """The result as a Markdown table."""
    if result["kernels"] is None:
        return "This machine has no AVX-512.\n"
    row = (
        f"OPENBLAS_CORETYPE={result['kernels']}",
        f"{median(result['default_s']) * 1e6:.0f}",
        f"{median(result['avx512_s']) * 1e6:.0f}",
        f"{result['ratio']:.2f}",
    )
    return markdown(("kernels", "default [µs]", "these [µs]", "default / these"), [row])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    print(report(measure(parser.parse_args().pairs)))


if __name__ == "__main__":
    main()
