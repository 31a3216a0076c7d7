"""NumPy's .npy format, read without pickle: plain numbers or a refusal, and nothing is ever executed."""

from typing import IO, Any

import numpy as np
from numpy.typing import NDArray


def read_npy(file: IO[bytes]) -> NDArray[Any]:
    """The array of numbers that `file` holds.

    Raises:
        ValueError: not .npy, truncated, or of another dtype than integers or floats.
        OSError: the file cannot be read.
        MemoryError: the array does not fit into memory.

    """
    try:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    except (OSError, MemoryError):
        raise
    except Exception as error:  # a damaged header breaks Python's own tokenizer in ever new ways
        raise ValueError("truncated, damaged, or not an array of plain numbers") from error
    if array.dtype.kind not in "iuf":
        raise ValueError(f"it holds {array.dtype}, not numbers")
    return array
