"""weights.npz: how the final parameters are read back, without torch and without pickle."""

import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autograd_cli.config.reading import open_regular
from autograd_cli.contract.keys import DTYPES
from autograd_cli.errors import ConfigError, EvoError
from autograd_cli.runs.npy import HEADER_MAX, read_npy
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import WEIGHTS

Parameters = dict[str, NDArray[np.floating]]

_SUFFIX = ".npy"
_LARGEST_ITEM_BYTES = 16


def read_weights(folder: Path, shapes: Mapping[str, tuple[int, ...]]) -> Parameters:
    """The parameters of the run in `folder`, as they were saved; nothing in the file is ever executed.

    Args:
        folder: the run directory.
        shapes: the parameters that the run's model has, and their shapes.

    Raises:
        ConfigError: the file is missing, damaged, or not an archive of plain arrays, or does not hold
            finite floating-point parameters of exactly these names and shapes.

    """
    path = folder / WEIGHTS
    try:
        with open_regular(path) as file, zipfile.ZipFile(file) as archive:
            _check_names(archive.namelist(), shapes, path)
            parameters = {name: _read(archive, name, shapes[name], path) for name in shapes}
    except FileNotFoundError as error:
        raise ConfigError(f"{folder}: it has no {WEIGHTS}{_status(folder)}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot read: {error.strerror or error}") from error
    except MemoryError as error:
        raise ConfigError(f"{path}: its arrays do not fit into memory") from error
    # RuntimeError: encrypted, or compressed by a method that Python lacks.
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError) as error:
        raise ConfigError(f"{path}: truncated, damaged, or not an archive of plain arrays") from error
    return parameters


def _check_names(members: list[str], shapes: Mapping[str, tuple[int, ...]], path: Path) -> None:
    names = sorted(member.removesuffix(_SUFFIX) for member in members)
    if names != sorted(shapes):
        held, needed = ", ".join(names) or "nothing", ", ".join(sorted(shapes))
        raise ConfigError(f"{path}: it holds {held}; the run's model has {needed}")


def _read(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], path: Path) -> NDArray[np.floating]:
    size = archive.getinfo(name + _SUFFIX).file_size
    if size > _LARGEST_ITEM_BYTES * prod(shape) + HEADER_MAX:
        raise ConfigError(f"{path}: {name} is larger than the shape {shape} that the run's model has")
    with archive.open(name + _SUFFIX) as member:
        try:
            array = read_npy(member, size)
        except ValueError as error:
            raise ConfigError(f"{path}: {name}: {error}") from error
    if array.shape != shape:
        raise ConfigError(f"{path}: {name} has shape {array.shape}; the run's model has {shape}")
    if array.dtype.name not in DTYPES:
        raise ConfigError(f"{path}: {name} is of {array.dtype} (allowed: {', '.join(DTYPES)})")
    if not np.isfinite(array).all():
        raise ConfigError(f"{path}: {name} is not finite everywhere{_status(path.parent)}")
    return array


def _status(folder: Path) -> str:
    """What run.json says of the run, as the end of a sentence."""
    with suppress(EvoError):
        record = read_run(folder)
        why = "; ".join(dict.fromkeys(filter(None, (record.reason, record.error))))
        return f"; the run's status is '{record.status}'{why and f': {why}'}"
    return ""
