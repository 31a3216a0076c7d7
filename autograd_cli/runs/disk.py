"""Writing so that it lasts: whole files under their own names, on the disk when that is said."""

import errno
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

# What a file system answers that cannot sync a folder on its own.
_NO_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF, errno.EACCES})


def write_file(path: Path | str, content: bytes) -> None:
    """Write a file that nobody reads before it is whole."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        write_all(descriptor, content)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, content: bytes) -> None:
    """Write every byte: a disk that fills up takes a part, and then raises."""
    written = os.write(descriptor, content)
    while written < len(content):
        written += os.write(descriptor, content[written:])


def write_whole(path: Path, content: bytes) -> None:
    """Write a small file beside its place, then move it there."""
    beside = path.with_name(f".{path.name}.part")
    try:
        write_file(beside, content)
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def sync_file(path: Path) -> None:
    """Wait until the file's content is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Wait until the folder's names are on the disk, where its file system can do that."""
    try:
        sync_file(path)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise


def sync_file_system(folder: Path) -> None:
    """Wait until all that was written to the file system of `folder` is on the disk."""
    syncfs = _syncfs()
    if syncfs is None:
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        syncfs(descriptor)
    finally:
        os.close(descriptor)


@cache
def _syncfs() -> Callable[[int], object] | None:
    """Linux's call, which Python lacks: os.sync() would wait for every other file system, too."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes  # NumPy has imported it, where anything was trained

    call: Any = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)

    def syncfs(descriptor: int) -> None:
        if call(descriptor) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))

    return syncfs if call else None
