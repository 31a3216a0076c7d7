"""How many runs end at the cost of one: their records say so after one sync that serves all of them."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from autograd_cli.errors import RunError
from autograd_cli.runs.disk import sync_file_system
from autograd_cli.runs.record import Status, read_record, write_failure, write_status


def settle(runs_dir: Path, endings: Mapping[str, Status]) -> dict[str, str]:
    """Wait until all that the runs have written is on the disk, and let their records say how they ended.

    That word itself lasts from the next sync on.

    Args:
        runs_dir: the folder that the runs are in.
        endings: how each run ended, by its directory's path; its writer has finished it without waiting.

    Returns:
        Why a run has failed for all that, by its directory's path.

    """
    try:
        sync_file_system(runs_dir)
    except OSError as error:
        return {path: _fail(path, error) for path in endings}
    failed = {}
    for path, status in endings.items():
        try:
            write_status(path, status)
        except OSError as error:
            failed[path] = _fail(path, error)
    return failed


def _fail(path: str, error: OSError) -> str:
    reason = f"{path}: cannot write the run: {error.strerror}"
    with suppress(OSError, RunError):
        record = read_record(Path(path))
        record.status, record.error = "failed", reason
        write_failure(Path(path), record)
    return reason
