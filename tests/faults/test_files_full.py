"""Disks without room: for bytes, for a file's bytes, for files."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from autograd_cli.runs.losses import HEADER
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.writer import RunWriter
from tests.faulty import python, told
from tests.helpers import config_of, record_run

# Writes a run in a child whose files may have `limit` bytes each, for many limits.
LIMITED = """
import os, resource, sys
from pathlib import Path
import numpy as np
from autograd_cli.contract.batch import Batch
from autograd_cli.errors import EvoError
from autograd_cli.runs.writer import RunWriter
from tests.helpers import config_of
config = config_of("sin", "numpy")
np.savez("warm.npz", a=np.zeros(2))
for limit in [*range(0, 2600, 130), *range(2600, 14000, 1901)]:
    if os.fork() == 0:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            about = {"versions": {"python": "3"}}
            writer = RunWriter(Path("runs"), config, f"r{limit}", about, at_once=sys.argv[1] == "at once")
            for first in range(0, int(sys.argv[2]), 50):
                writer.append(Batch(first, [1 / (first + i + 1) for i in range(50)], [0.1] * 50))
            writer.finish("completed", {"a": np.zeros(limit % 1000)})
        except EvoError as error:
            status = getattr(locals().get("writer"), "record", None)
            if status is not None and status.status == "running":
                try:
                    writer.finish("failed", error=str(error))
                except EvoError:
                    pass
            os._exit(1)
        os._exit(0)
    os.wait()
"""


def check(run: Path) -> str:
    """A run that the disk did not take reads as failed, says why, and holds no file that is torn."""
    record = read_run(run)
    losses = (run / "losses.csv").read_bytes()
    assert losses.startswith(HEADER)
    assert losses.endswith(b"\n")
    assert losses.count(b"\n") - 1 == record.steps
    assert {path.name for path in run.iterdir()} <= {"losses.csv", "config.yaml", "run.json", "weights.npz"}
    if record.status == "failed":
        assert "cannot write the run: " in str(record.error)
    if (run / "weights.npz").exists():
        assert (run / "weights.npz").stat().st_size > 0
    return record.status


@pytest.mark.parametrize(("when", "steps"), [("at once", 200), ("later", 50), ("later", 200)])
def test_a_limit_to_the_size_of_files(tmp_path: Path, when: str, steps: int) -> None:
    """Whatever the limit, there is no run, or a whole one, or one that has failed and says why."""
    done = python(LIMITED, tmp_path, when, str(steps))
    assert done.returncode == 0, done.stderr
    runs = list((tmp_path / "runs").iterdir())
    assert {check(run) for run in runs} == {"failed", "completed"}
    assert sum(check(run) == "failed" for run in runs) > (5 if steps == 200 else 0)


@contextmanager
def small_disk(place: Path, options: str) -> Iterator[Path]:
    """A file system without much room."""
    place.mkdir(exist_ok=True)
    mount = shutil.which("mount")
    done = mount and subprocess.run([mount, "-t", "tmpfs", "-o", options, "tmpfs", place], check=False)
    if not done or done.returncode:
        pytest.skip("mounting a small file system is not permitted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_disk_without_room_for_a_file_or_for_bytes(tmp_path: Path) -> None:
    """The run that the disk could not take whole has failed, and says why, also without room for a file."""
    statuses = set()
    limits = [f"nr_inodes={n}" for n in range(3, 12)] + [f"size={4 * n}k" for n in range(3, 12)]
    for limit in limits:
        with small_disk(tmp_path / "disk", limit) as disk:
            code, line = told(
                "train", "--task", "sin", "--impl", "numpy", "steps=100", "--runs-dir", disk / "runs", "-q"
            )
            runs = [path for path in disk.glob("runs/[!.]*") if path.is_dir()]
            found = [check(run) for run in runs]
            assert code == (0 if found == ["completed"] else 2 if "runs-dir" in line else 1), (limit, line)
            statuses |= set(found)
            assert list(disk.glob("runs/.*")) == []
    assert statuses == {"failed", "completed"}


def test_a_torn_line_of_a_run_is_torn_wherever_it_is_read(tmp_path: Path) -> None:
    """Also where the run's losses.csv is given alone; another tool's last line needs no newline."""
    record_run(tmp_path, "r", [3.0, 2.0])
    path = tmp_path / "r" / "losses.csv"
    path.write_bytes(path.read_bytes() + b"2,1")
    assert (read_run(path).steps, read_run(path).last_loss) == (2, 2.0)
    other = tmp_path / "other.csv"
    other.write_text("step,loss\n0,3\n1,1")
    assert (read_run(other).steps, read_run(other).last_loss) == (2, 1.0)


def test_what_a_failed_write_has_left_of_a_line_is_cut_off(tmp_path: Path) -> None:
    """Whole lines of the batch stay, and the record counts them."""
    script = (
        "import resource; from pathlib import Path; from tests.helpers import config_of\n"
        "from autograd_cli.contract.batch import Batch; from autograd_cli.errors import EvoError\n"
        "from autograd_cli.runs.writer import RunWriter\n"
        "writer = RunWriter(Path('runs'), config_of('sin', 'numpy'), 'r', {})\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))\n"
        "try: writer.append(Batch(0, [1 / (i + 1) for i in range(500)], [0.1] * 500))\n"
        "except EvoError as error: writer.finish('failed', error=str(error))\n"
    )
    done = python(script, tmp_path)
    assert done.returncode == 0, done.stderr
    assert check(tmp_path / "runs" / "r") == "failed"
    assert read_run(tmp_path / "runs" / "r").steps > 100


def test_a_run_that_is_not_begun_leaves_nothing(tmp_path: Path) -> None:
    """What was made of it is taken away."""
    writer = RunWriter(tmp_path / "runs", config_of("sin", "numpy"), None, {})
    writer.discard()
    assert list((tmp_path / "runs").iterdir()) == []
