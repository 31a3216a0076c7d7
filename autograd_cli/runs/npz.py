"""weights.npz, as np.savez writes it, at a fifth of the cost: small arrays are nearly all headers.

Neither numpy.savez nor zipfile knows that the next run's arrays have the same shapes: a header of .npy is
made once a shape here, and the archive around the arrays is three kinds of records of fixed form (PKWARE's
APPNOTE.TXT, 4.3.7, 4.3.12 and 4.3.16), stored without compression.
"""

from collections.abc import Mapping
from functools import cache
from io import BytesIO
from struct import Struct
from typing import TYPE_CHECKING, Any
from zlib import crc32

if TYPE_CHECKING:
    from numpy.typing import NDArray  # reading runs must not need NumPy

_ENTRY = Struct("<4s5H3I2H")
_LISTED = Struct("<4s6H3I5H2I")
_END = Struct("<4s4H2IH")
_VERSION = 20
_ON_UNIX = 3 << 8
_READABLE = 0o600 << 16
_IN_UTF_8 = 0x800
# The first day that the format knows: weights of the same training are the same file.
_TIME, _DATE = 0, 0x21
# Beyond it, sizes need other records.
_BYTES_MAX = 2**31


def npz_bytes(arrays: Mapping[str, Any]) -> bytes:
    """The archive with these arrays of numbers, by name; `numpy.load` reads it."""
    if sum(array.nbytes for array in arrays.values()) > _BYTES_MAX:
        import numpy as np

        whole = BytesIO()
        np.savez(whole, **arrays)
        return whole.getvalue()
    pieces, listed, offset = [], [], 0
    for key, array in arrays.items():
        name, content = f"{key}.npy".encode(), _npy(array)
        flags = 0 if name.isascii() else _IN_UTF_8
        about = (flags, 0, _TIME, _DATE, crc32(content), len(content), len(content), len(name), 0)
        pieces += [_ENTRY.pack(b"PK\x03\x04", _VERSION, *about), name, content]
        listed += [
            _LISTED.pack(b"PK\x01\x02", _ON_UNIX | _VERSION, _VERSION, *about, 0, 0, 0, _READABLE, offset)
        ]
        listed += [name]
        offset += _ENTRY.size + len(name) + len(content)
    length = sum(map(len, listed))
    end = _END.pack(b"PK\x05\x06", 0, 0, len(arrays), len(arrays), length, offset, 0)
    return b"".join([*pieces, *listed, end])


def _npy(array: "NDArray[Any]") -> bytes:
    in_columns = bool(array.flags.f_contiguous and not array.flags.c_contiguous)
    header = _header(array.dtype, array.shape, in_columns)
    return header + (array.T if in_columns else array).tobytes()


@cache
def _header(dtype: Any, shape: tuple[int, ...], in_columns: bool) -> bytes:
    from numpy.lib import format as npy

    header = BytesIO()
    about = {"descr": npy.dtype_to_descr(dtype), "fortran_order": in_columns, "shape": shape}
    npy.write_array_header_1_0(header, about)
    return header.getvalue()
