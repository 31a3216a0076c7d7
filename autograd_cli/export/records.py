"""The records of event files: length, checksum of the length, content, checksum of the content.

The checksum is CRC-32C, masked as TensorFlow's `record_writer.cc` says. TensorBoard's own writer works it out
a byte at a time in Python, which takes most of an export's time.
"""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0x82F63B78
_MASK = 0xA282EAD8

# Of fewer contents of one length the bytes are looked at one by one.
_FEW = 8


def as_records(contents: Sequence[bytes]) -> bytes:
    """The records of contents, joined."""
    by_length = defaultdict(list)
    for i, content in enumerate(contents):
        by_length[len(content)].append(i)
    records = [b""] * len(contents)
    for length, places in by_length.items():
        head = length.to_bytes(8, "little")
        head += checksums([head])[0]
        sums = checksums([contents[i] for i in places])
        for i, checksum in zip(places, sums, strict=True):
            records[i] = head + contents[i] + checksum
    return b"".join(records)


def checksums(contents: Sequence[bytes]) -> list[bytes]:
    """The masked CRC-32C of each of some contents of one length, in four bytes, the lowest first."""
    if len(contents) < _FEW:
        table = _table().tolist()
        crcs = []
        for content in contents:
            crc = 0xFFFFFFFF
            for byte in content:
                crc = table[(crc ^ byte) & 0xFF] ^ crc >> 8
            crcs.append(crc)
        crc32c = np.array(crcs, np.uint32)
    else:
        rows = np.frombuffer(b"".join(contents), np.uint8).reshape(len(contents), -1)
        crc32c = np.full(len(contents), 0xFFFFFFFF, np.uint32)
        for column in np.ascontiguousarray(rows.T):
            crc32c = _table()[(crc32c ^ column) & 0xFF] ^ crc32c >> 8
    crc32c = ~crc32c
    masked = ((crc32c >> 15 | crc32c << 17) + np.uint32(_MASK)).astype("<u4").tobytes()
    return [masked[i : i + 4] for i in range(0, len(masked), 4)]


@cache
def _table() -> NDArray[np.uint32]:
    """What each byte does to a checksum."""
    crc: NDArray[np.uint32] = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        crc = crc >> np.uint32(1) ^ (crc & np.uint32(1)) * np.uint32(_POLYNOMIAL)
    return crc
