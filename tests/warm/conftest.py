"""A warm process of the tests' own, in a folder of its own, that no command of the user's finds."""

import fcntl
import os
from pathlib import Path

import pytest

from tests.processes import command, run


@pytest.fixture(scope="session")
def runtime() -> str:
    """The XDG_RUNTIME_DIR of a warm process that is ready; workers share it, as it takes seconds to start."""
    folder = Path(os.environ["EVO_TESTS_RUNTIME"])
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        started = run(command("warm"), folder, XDG_RUNTIME_DIR=str(folder))
    assert (started.returncode, started.stderr) == (0, ""), started
    return str(folder)
