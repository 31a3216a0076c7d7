"""How many threads a matrix product uses."""

import os
import sys

_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_pool_threads: int | None = None  # what `_limit_loaded_pools` set last


def set_threads(threads: int) -> None:
    """Give NumPy and torch `threads` threads each; best before either is imported.

    A pool that never starts costs nothing, so the environment is set first; libraries that are already
    loaded are told through their own interfaces.
    """
    for variable in _POOLS:
        os.environ[variable] = str(threads)
    if "numpy" in sys.modules:
        _limit_loaded_pools(threads)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(threads)


def _limit_loaded_pools(threads: int) -> None:
    global _pool_threads  # noqa: PLW0603 - the pools are the process's own, too
    if threads == _pool_threads:
        return  # looking for the libraries takes a millisecond, which a sweep would pay for every run
    from threadpoolctl import threadpool_limits  # only where the environment comes too late

    threadpool_limits(threads)
    _pool_threads = threads
