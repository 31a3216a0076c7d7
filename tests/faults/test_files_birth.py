"""Writers that die while a run comes into being, and names that are taken."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from autograd_cli.contract.batch import Batch
from autograd_cli.errors import ConfigError
from autograd_cli.runs.nursery import hidden_folder
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.writer import RunWriter
from tests.faulty import python
from tests.helpers import config_of

# Writes a run in a child that is killed when it opens, makes, renames or removes its n-th file.
KILLED = """
import os, signal, sys
from pathlib import Path
from tests.helpers import config_of
from autograd_cli.contract.batch import Batch
from autograd_cli.runs.writer import RunWriter
import numpy as np
config, runs = config_of("sin", "numpy"), Path("runs")
np.savez("warm.npz", a=np.zeros(2))
for moment in range(1, 80):
    child = os.fork()
    if child == 0:
        left = moment
        def count(event, arguments):
            global left
            if event in ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "fcntl.flock"):
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(count)
        writer = RunWriter(runs, config, f"r{moment}", {}, at_once=sys.argv[1] == "at once")
        for first in range(int(sys.argv[2])):
            writer.append(Batch(2 * first, [2.0, 1.0], [0.1, 0.2]))
        writer.finish("completed", {"a": np.zeros(2)})
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
print(moment)
"""


@pytest.mark.parametrize(("when", "batches"), [("at once", 1), ("later", 1), ("later", 2)])
def test_a_writer_that_dies_at_any_moment_leaves_runs_alone(tmp_path: Path, when: str, batches: int) -> None:
    """Killed at each of its file operations in turn, it leaves a readable run or nothing that is seen."""
    done = python(KILLED, tmp_path, when, str(batches))
    assert done.returncode == 0, done.stderr
    moments = int(done.stdout)
    assert 10 < moments < 79
    seen = [path for path in (tmp_path / "runs").iterdir() if not path.name.startswith(".")]
    statuses = [read_run(path).status for path in seen]
    assert set(statuses) == {"interrupted", "completed"}
    assert len(seen) < moments  # some died before their run was there
    RunWriter(tmp_path / "runs", config_of("sin", "numpy"), "next", {}).finish("completed")
    assert {path.name for path in (tmp_path / "runs").iterdir()} == {p.name for p in seen} | {"next"}


@pytest.mark.parametrize("batches", [0, 1, 2, 3])
def test_a_run_that_comes_later_holds_the_same(tmp_path: Path, batches: int) -> None:
    """It is not seen before its second batch or its end, and then has every byte of one that was there."""
    config, files = config_of("sin", "numpy"), []
    for at_once in (True, False):
        folder = tmp_path / str(at_once)
        writer = RunWriter(folder, config, "r", {}, extra={"level.py": b"pass"}, at_once=at_once)
        for first in range(batches):
            assert (folder / "r").exists() == (at_once or first > 1)
            writer.append(Batch(2 * first, [2.0, 1.0], [0.1, 0.2]))
        assert (folder / "r").exists() == (at_once or batches > 1)
        writer.finish("completed", {"a": np.zeros(2)})
        found = {path.name: path.read_bytes() for path in (folder / "r").iterdir()}
        record = json.loads(found.pop("run.json"))
        files.append((found, {key: value for key, value in record.items() if not key.endswith("ed_at")}))
    assert files[0] == files[1]


def test_what_a_living_writer_is_making_stays(tmp_path: Path) -> None:
    """Another writer in the folder removes what the dead have left, and only that."""
    config = config_of("sin", "numpy")
    with hidden_folder(tmp_path) as hidden:
        (hidden / "file").write_text("half")
        RunWriter(tmp_path, config, "other", {}).finish("completed")
        assert (hidden / "file").read_text() == "half"
    dead = tmp_path / ".new" / "dead"
    dead.mkdir(parents=True)
    (dead / "losses.csv").write_text("step,loss,elapsed_s\n")
    RunWriter(tmp_path, config, "third", {}).finish("completed")
    assert {path.name for path in tmp_path.iterdir()} == {"other", "third"}


@pytest.mark.parametrize("what", ["empty folder", "folder", "file", "link", "dangling link"])
def test_a_name_that_anything_has_is_taken(tmp_path: Path, what: str) -> None:
    """Nothing is put in the place of what has the name already, be it an empty folder."""
    taken, elsewhere = tmp_path / "runs" / "mine", tmp_path / "elsewhere"
    taken.parent.mkdir()
    if what.endswith("folder"):
        taken.mkdir()
    if what == "folder":
        (taken / "notes").write_text("keep")
    if what == "file":
        taken.write_text("keep")
    if what == "link":
        elsewhere.mkdir()
    if what.endswith("link"):
        taken.symlink_to(elsewhere)
    before = os.lstat(taken)
    with pytest.raises(ConfigError, match=r"mine exists already, and no run is ever overwritten"):
        RunWriter(tmp_path / "runs", config_of("sin", "numpy"), "mine", {})
    assert os.lstat(taken).st_ino == before.st_ino
    assert [path.name for path in taken.parent.iterdir()] == ["mine"]


def test_further_files_are_there_from_the_beginning(tmp_path: Path) -> None:
    """A file beside the four is whole when the run appears, and its size stands in run.json."""
    source = b"class Level: ...\n"
    writer = RunWriter(tmp_path, config_of("sin", "numpy"), "r", {}, extra={"level.py": source})
    assert (tmp_path / "r" / "level.py").read_bytes() == source
    assert read_run(tmp_path / "r").files["level.py"] == len(source)
    writer.finish("completed")
    (tmp_path / "r" / "level.py").write_bytes(source[:-1])
    assert read_run(tmp_path / "r").status == "damaged"
