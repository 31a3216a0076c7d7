"""Disks that are full, and folders that nobody may write in."""

import os
import resource
import shutil
import subprocess
from pathlib import Path

import pytest

from autograd_cli.runs.losses import read_losses
from autograd_cli.runs.reader import read_run
from tests.helpers import refused
from tests.processes import command, environment, evo_process

LONG = ("train", "--task", "sin", "--impl", "numpy", "steps=100000", "--name", "r", "--quiet")


def check_full_disk(result: subprocess.CompletedProcess[str], run: Path, reason: str) -> None:
    """One line, exit code 1, and what was recorded until then still reads."""
    assert result.stderr == f"evo: {run.relative_to(run.parent.parent)}: cannot write the run: {reason}\n"
    assert result.returncode == 1
    assert sum(1 for _ in read_losses(run / "losses.csv", maybe_torn=True)) > 100


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    """Where the system refuses more bytes, the run fails in one line and keeps what it had."""
    limit = 40_000

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    result = subprocess.run(
        command(*LONG),
        cwd=tmp_path,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        preexec_fn=limited,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    check_full_disk(result, tmp_path / "runs" / "r", "File too large")
    record = read_run(tmp_path / "runs" / "r")
    assert record.status == "failed"
    assert record.error == "runs/r: cannot write the run: File too large"


def test_a_full_disk(tmp_path: Path) -> None:
    """On a file system without room, the run fails in one line and keeps what it had."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    mounted = mount and subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=128k", "tmpfs", disk], capture_output=True, check=False
    )
    if not mounted or mounted.returncode:
        pytest.skip("mounting a small file system is not permitted here")
    try:
        check_full_disk(evo_process(*LONG, cwd=disk), disk / "runs" / "r", "No space left on device")
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_read_only_folder(tmp_path: Path) -> None:
    """A folder without permission to write is refused in one line."""
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    tmp_path.chmod(0o555)
    line = refused("train", "--task", "sin", "--impl", "numpy", "--runs-dir", tmp_path, cwd=tmp_path)
    assert line == f"--runs-dir: cannot write in '{tmp_path}': Permission denied"
