"""How many threads a matrix product uses, and which of OpenBLAS's kernels."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_pool_threads: int | None = None  # what `_limit_loaded_pools` set last
_CPUINFO = Path("/proc/cpuinfo")
_AVX512 = frozenset({"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"})


def set_threads(threads: int) -> None:
    """Give NumPy and torch `threads` threads each; best before either is imported.

    A pool that never starts costs nothing, so the environment is set first; libraries that are already
    loaded are told through their own interfaces.
    """
    for variable in _POOLS:
        os.environ[variable] = str(threads)
    if "numpy" in sys.modules:
        _limit_loaded_pools(threads)
    else:
        _prefer_avx512()
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)


def _limit_loaded_pools(threads: int) -> None:
    global _pool_threads  # noqa: PLW0603 - the pools are the process's own, too
    if threads == _pool_threads:
        return  # looking for the libraries takes a millisecond, which a sweep would pay for every run
    from threadpoolctl import threadpool_limits  # noqa: PLC0415 - only where the environment comes too late

    threadpool_limits(threads)
    _pool_threads = threads


def _prefer_avx512() -> None:
    """Let NumPy's OpenBLAS use AVX-512 on AMD processors that have it.

    OpenBLAS goes by the processor's family number, and takes AVX2 kernels for AMD families that it does
    not know: on a Zen 5 its products then take 1.4 times as long (`benchmarks/RESULTS.md`). A choice that
    the user has made stands.
    """
    if "OPENBLAS_CORETYPE" in os.environ:
        return
    try:
        with _CPUINFO.open(encoding="ascii", errors="replace") as lines:
            facts = dict(line.split(":", 1) for line in _first_processor(lines))
    except (OSError, ValueError):
        return
    facts = {name.strip(): value.strip() for name, value in facts.items()}
    if facts.get("vendor_id") == "AuthenticAMD" and set(facts.get("flags", "").split()) >= _AVX512:
        os.environ["OPENBLAS_CORETYPE"] = "SKYLAKEX"


def _first_processor(lines: Iterable[str]) -> list[str]:
    """The lines about the first processor; a large machine lists a thousand."""
    block: list[str] = []
    for line in lines:
        if not line.strip():
            break
        block.append(line)
    return block
