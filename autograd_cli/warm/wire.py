"""What a command and a warm process say to each other: a message is its length and its content.

Both ends are the same program by the same Python, or they part at once: so the content is marshalled, which
needs no import.
"""

import marshal
import os
import socket
import struct
from typing import Any

_HEAD = struct.Struct("<I")
_MOST_BYTES = 64 * 2**20
_PEER = struct.Struct("3i")

# What a worker says first. Descriptors that are sent to one who sleeps stay open, and whoever reads what is
# written to them waits for him.
HERE = b"h"
# Answers to a command that asks to be run.
READY, REFUSED, ENDED = b"r", b"n", b"e"
# What a command says to READY.
GO = b"g"
# An answer with a number: READY with the worker's process, ENDED with how it ended.
ANSWER = struct.Struct("<ci")


def send(connection: socket.socket, content: Any, descriptors: tuple[int, ...] = ()) -> None:
    """Send a message, and copies of `descriptors` with it."""
    body = marshal.dumps(content)
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack(f"{len(descriptors)}i", *descriptors))]
    connection.sendmsg([_HEAD.pack(len(body))], rights if descriptors else [])
    connection.sendall(body)


def receive(connection: socket.socket, most_descriptors: int = 0) -> tuple[Any, list[int]]:
    """A message, and the descriptors that came with it.

    Raises:
        OSError: the other end is gone, or takes too long.
        ValueError: it is no message.

    """
    room = socket.CMSG_LEN(struct.calcsize(f"{most_descriptors}i")) if most_descriptors else 0
    head, rights, _, _ = connection.recvmsg(_HEAD.size, room)
    descriptors = [
        number
        for level, kind, data in rights
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
        for (number,) in struct.iter_unpack("i", data[: len(data) // 4 * 4])
    ]
    head += exactly(connection, _HEAD.size - len(head))
    (size,) = _HEAD.unpack(head)
    if size > _MOST_BYTES:
        raise ValueError(f"a message of {size} bytes")
    try:
        return marshal.loads(exactly(connection, size)), descriptors  # noqa: S302 - from this user alone
    except (EOFError, TypeError) as error:
        raise ValueError(str(error)) from error


def is_own(connection: socket.socket) -> bool:
    """Whether the process at the other end is this user's."""
    peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    return bool(_PEER.unpack(peer)[1] == os.geteuid())


def peer_pid(connection: socket.socket) -> int:
    """The process at the other end."""
    peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    return int(_PEER.unpack(peer)[0])


def exactly(connection: socket.socket, size: int) -> bytes:
    """The next `size` bytes; raises OSError if they do not come."""
    pieces = []
    while size:
        piece = connection.recv(min(size, 2**20))
        if not piece:
            raise ConnectionError("the other end is gone")
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
