"""Where the socket of a warm process lies: in a folder of the user's own, by a name for the program.

Every command looks here, so nothing is imported but what Python has imported by itself.
"""

import os
import stat
import sys

PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def folders() -> list[str]:
    """Folders that may hold the socket, the best first."""
    runtime, home = os.environ.get("XDG_RUNTIME_DIR"), os.path.expanduser("~")
    found = [f"{runtime}/evo"] if runtime else []
    if os.path.isabs(home):
        found.append(f"{home}/.cache/evo")
    return [*found, f"{os.environ.get('TMPDIR') or '/tmp'}/evo-{os.getuid()}"]  # noqa: S108 - its owner is checked


def name() -> str:
    """The socket's name: two installations have two warm processes."""
    from zlib import crc32

    return f"{crc32(os.fsencode(f'{sys.prefix}:{PACKAGE}')):08x}.sock"


def open_folder(folder: str) -> int | None:
    """A descriptor of `folder`, to which nobody but this user has a way; None if it is not so.

    The socket is reached through it: its path is short then, as a socket's has to be, and the folder is the
    one that was looked at.
    """
    try:
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    found = os.fstat(descriptor)
    if found.st_uid == os.getuid() and not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        return descriptor
    os.close(descriptor)
    return None


def find() -> int | None:
    """The folder in which there is a socket by our name, as of `open_folder`."""
    for folder in folders():
        if os.path.lexists(f"{folder}/{name()}") and (descriptor := open_folder(folder)) is not None:
            return descriptor
    return None


def address(folder: int) -> str:
    """What a socket in an opened folder is bound and connected by."""
    return f"/proc/self/fd/{folder}/{name()}"
