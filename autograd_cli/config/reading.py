"""Files that anybody may have made: none is waited for, and no more is read than it may hold."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, TextIO

# Longest line of a CSV file; a row of a million numbers is no row of losses.
LINE_MAX = 2**20


def look(path: Path | str) -> os.stat_result | None:
    """What stands at `path`, a link followed; None where there is nothing.

    Raises:
        OSError: nobody can tell: a folder on the way may not be searched, a name is too long, links go in a
            circle.

    """
    try:
        return os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: no file has such a name
        return None


def is_folder(path: Path | str) -> bool:
    """Whether a directory stands at `path`.

    Raises:
        OSError: as of `look`.

    """
    found = look(path)
    return found is not None and stat.S_ISDIR(found.st_mode)


def open_regular(path: Path | str) -> BinaryIO:
    """Open a regular file to read. A pipe, socket or device, which may never end, is refused at once.

    Raises:
        OSError: there is none, it is something else, or it may not be read.

    """
    return open(_descriptor(path)[0], "rb")


def _descriptor(path: Path | str) -> tuple[int, int]:
    """A regular file, opened to read, and its size in bytes."""
    _check_regular(os.stat(path))
    # What has taken the file's place since then is not waited for either.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        found = os.fstat(descriptor)
        _check_regular(found)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor, found.st_size


def _check_regular(found: os.stat_result) -> None:
    if stat.S_ISREG(found.st_mode):
        return
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    raise OSError(errno.EINVAL, "not a regular file")


def read_bounded(path: Path | str, most: int) -> bytes:
    """The whole content of a regular file of at most `most` bytes.

    Raises:
        OSError: as of `open_regular`, or the file is larger.

    """
    descriptor, size = _descriptor(path)
    try:
        left = min(size, most) + 1
        content = os.read(descriptor, left)
        # What ends where its size said is whole; some systems' own files say 0.
        while len(content) != (size or left) and 0 < len(content) < left:
            more = os.read(descriptor, left - len(content))
            if not more:
                break
            content += more
    finally:
        os.close(descriptor)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"larger than {most / 2**20:.4g} MiB, which no such file is")
    return content


def lines_of(file: TextIO) -> Iterator[str]:
    """The lines of a file, as iterating over it gives them.

    Raises:
        ValueError: a line is longer than `LINE_MAX`.

    """
    while line := file.readline(LINE_MAX):
        if len(line) == LINE_MAX and line[-1] not in "\r\n":
            raise ValueError(f"a line of more than {LINE_MAX} characters")
        yield line
