"""One thread for every matrix product: two workers that each spin up a pool only wait for each other."""

import os
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from hypothesis import settings

for _pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[_pool] = "1"


# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("evo", deadline=None)
settings.load_profile("evo")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Name the folder of the one warm process that all workers share; whoever needs it first, starts it.

    With `EVO_TESTS=warm` every command line of this session's tests is forked from it.
    """
    if not hasattr(session.config, "workerinput"):
        os.environ["EVO_TESTS_RUNTIME"] = mkdtemp(prefix="evo-")
    if os.environ.get("EVO_TESTS") == "warm":
        os.environ["XDG_RUNTIME_DIR"] = os.environ["EVO_TESTS_RUNTIME"]
        _warm()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let it go."""
    if not hasattr(session.config, "workerinput"):
        if list(Path(os.environ["EVO_TESTS_RUNTIME"]).glob("evo/*.sock")):
            _warm("--stop")
        rmtree(os.environ["EVO_TESTS_RUNTIME"])


def _warm(*options: str) -> None:
    from tests.processes import command, run  # the variables above come first

    done = run(command("warm", *options), Path.cwd(), XDG_RUNTIME_DIR=os.environ["EVO_TESTS_RUNTIME"])
    assert done.returncode == 0, done
