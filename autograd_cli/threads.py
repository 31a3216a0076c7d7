"""How many threads a matrix product uses."""

import os
import sys

_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def set_threads(threads: int) -> None:
    """Give NumPy and torch `threads` threads each; best before either is imported.

    A pool that never starts costs nothing, so the environment is set first; libraries that are already
    loaded are told through their own interfaces.
    """
    for variable in _POOLS:
        os.environ[variable] = str(threads)
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 - only where the environment comes too late

        threadpool_limits(threads)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)
