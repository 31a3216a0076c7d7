"""One thread for every matrix product: two workers that each spin up a pool only wait for each other."""

import os
from pathlib import Path
from tempfile import mkdtemp

for _pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[_pool] = "1"


def pytest_sessionstart() -> None:
    """With `EVO_TESTS=warm`, let the command line of this session's tests be forked from a warm process."""
    if os.environ.get("EVO_TESTS") == "warm":
        os.environ["XDG_RUNTIME_DIR"] = mkdtemp()
        _warm()


def pytest_sessionfinish() -> None:
    """Let it go."""
    if os.environ.get("EVO_TESTS") == "warm":
        _warm("--stop")


def _warm(*options: str) -> None:
    from tests.processes import command, run  # the variables above come first

    done = run(command("warm", *options), Path.cwd())
    assert done.returncode == 0, done
