"""A warm process of the tests' own, in a folder of its own, that no command of the user's finds."""

from collections.abc import Iterator

import pytest

from tests.processes import command, run


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The XDG_RUNTIME_DIR of a warm process that is ready."""
    folder = tmp_path_factory.mktemp("runtime")
    started = run(command("warm"), folder, XDG_RUNTIME_DIR=str(folder))
    assert (started.returncode, started.stderr) == (0, ""), started
    yield str(folder)
    run(command("warm", "--stop"), folder, XDG_RUNTIME_DIR=str(folder))
