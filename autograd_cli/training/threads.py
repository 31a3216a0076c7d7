"""How many threads a matrix product uses."""

import os
import sys
from typing import Any

from autograd_cli.training.cores import cores

_POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_pool_threads: int | None = None  # what `_limit_loaded_pools` set last
_known_pools: Any = None  # what `know_pools` has found


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


def know_pools() -> None:
    """Look for the libraries that are loaded now, for `follow_environment` in forks of this process."""
    global _known_pools  # noqa: PLW0603 - the pools are the process's own, too
    from threadpoolctl import ThreadpoolController  # only where the environment comes too late

    _known_pools = ThreadpoolController()


def follow_environment(library: str) -> None:
    """Give `numpy` or `torch` as many threads as its import would have read from the environment now.

    For a library that was imported before `know_pools` was called, and has not computed since.
    """
    global _pool_threads  # noqa: PLW0603 - as above
    asked = os.environ.get(_POOLS[0], "")
    threads = int(asked) if asked.isdecimal() else cores()
    if library == "torch":
        sys.modules["torch"].set_num_threads(threads)
    elif library == "numpy":
        _known_pools.limit(limits=threads)
        _pool_threads = threads
        if "numpy.random" in sys.modules:
            sys.modules["numpy.random"].seed()  # the import would have asked the system for chance


def _limit_loaded_pools(threads: int) -> None:
    global _pool_threads  # noqa: PLW0603 - the pools are the process's own, too
    if threads == _pool_threads:
        return  # looking for the libraries takes a millisecond, which a sweep would pay for every run
    from threadpoolctl import threadpool_limits  # only where the environment comes too late

    threadpool_limits(threads)
    _pool_threads = threads
