"""How a run directory comes into being: out of sight, and then whole, by one rename.

Whoever makes a run holds a shared lock on the hidden folder `.new` until the run has its name. Who gets that
lock alone therefore finds in it only what writers have left that were killed.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_NURSERY = ".new"
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@contextmanager
def hidden_folder(runs_dir: Path, *, more_follow: bool = False) -> Iterator[Path]:
    """A new folder on the file system of `runs_dir`, out of every reader's sight.

    It has to be renamed; what is still there at the end is removed. Where `more_follow`, the folder `.new`
    and what others have left in it stay until `remove_leftovers`: to free its block can take longer than all
    the rest.

    Raises:
        OSError: it cannot be made.

    """
    nursery = runs_dir / _NURSERY
    lock, name = _enter(nursery, clear=not more_follow)
    try:
        yield nursery / name
    finally:
        if os.path.lexists(nursery / name):
            shutil.rmtree(nursery / name, ignore_errors=True)
        if more_follow:
            os.close(lock)
        else:
            _leave(nursery, lock)


def remove_leftovers(runs_dir: Path) -> None:
    """Remove what writers have left that were killed before their runs had names, unless one is at work."""
    with suppress(OSError):
        lock = os.open(runs_dir / _NURSERY, _FOLDER)
        try:
            _clear(runs_dir / _NURSERY, lock)
        finally:
            _leave(runs_dir / _NURSERY, lock)


def _enter(nursery: Path, *, clear: bool) -> tuple[int, str]:
    """A lock that keeps others from clearing the nursery, and a new folder's name in it."""
    while True:
        try:
            lock = os.open(nursery, _FOLDER)
        except FileNotFoundError:  # the last one who was in it has removed it
            with suppress(FileExistsError):
                nursery.mkdir()
            continue
        try:
            if clear:
                _clear(nursery, lock)
            with suppress(OSError):  # a file system without such locks: nothing is ever cleared there, either
                fcntl.flock(lock, fcntl.LOCK_SH)
            name = os.urandom(8).hex()
            # Not by path: that may by now lead to a new nursery, on which we hold no lock.
            os.mkdir(name, dir_fd=lock)
        except FileNotFoundError:
            os.close(lock)
        except BaseException:
            _leave(nursery, lock)
            raise
        else:
            return lock, name


def _leave(nursery: Path, lock: int) -> None:
    os.close(lock)
    with suppress(OSError):  # others are still in it
        nursery.rmdir()


def _clear(nursery: Path, lock: int) -> None:
    """Remove everything, if nobody else is in the nursery."""
    with suppress(OSError):
        names = os.listdir(lock)
        if names:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for name in names:
                shutil.rmtree(nursery / name, ignore_errors=True)
            fcntl.flock(lock, fcntl.LOCK_UN)
