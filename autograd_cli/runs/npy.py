"""NumPy's .npy format, read without pickle: plain numbers or a refusal, and nothing is ever executed."""

from math import prod
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

# NumPy pads a header of plain numbers to 128 bytes; a shape of many dimensions takes some more.
HEADER_MAX = 4096


def read_npy(file: IO[bytes], size: int) -> NDArray[Any]:
    """The array of numbers that `file` holds; no memory is taken for more than is there.

    Args:
        file: at the array's beginning.
        size: bytes from there to the end, which the array cannot exceed.

    Raises:
        ValueError: not .npy, truncated, or of another dtype than integers or floats.
        OSError: the file cannot be read.
        MemoryError: the array does not fit into memory.

    """
    try:
        shape, in_columns, dtype = _read_header(file)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # a damaged header breaks Python's own tokenizer in ever new ways
        raise ValueError("truncated, damaged, or not an array of plain numbers") from error
    if dtype.hasobject:  # Python's own, which only pickle reads
        raise ValueError("truncated, damaged, or not an array of plain numbers")
    if dtype.kind not in "iuf":
        raise ValueError(f"it holds {dtype}, not numbers")
    length = prod(shape) * dtype.itemsize
    content = file.read(length) if 0 <= length <= size else b""
    if len(content) != length:
        raise ValueError("truncated, damaged, or not an array of plain numbers")
    array = np.frombuffer(bytearray(content), dtype)  # of its own memory, to be written
    return array.reshape(shape[::-1]).T if in_columns else array.reshape(shape)


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file, max_header_size=HEADER_MAX)
    if version == (2, 0):
        return np.lib.format.read_array_header_2_0(file, max_header_size=HEADER_MAX)
    raise ValueError(version)  # 3.0 is for fields with names
