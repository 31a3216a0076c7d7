"""Rows of numbers: from arguments and files, and to text and files."""

import csv
import errno
import io
import math
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from autograd_cli.config.reading import lines_of, look, open_regular
from autograd_cli.contract.keys import real
from autograd_cli.errors import ConfigError, did_you_mean
from autograd_cli.runs.npy import read_npy

Rows = NDArray[Any]

SUFFIXES = (".csv", ".npy")

# What a file system without hard links answers.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})


def parse_numbers(arguments: Sequence[str], width: int, options: Sequence[str] = ()) -> Rows:
    """Arguments of the command line as rows of `width` numbers: (N, width), float64.

    `options` are those that the command knows, for the sake of one that is mistyped: a parser that lets
    negative numbers through lets `--dept` through as well.

    Raises:
        ConfigError: an argument is not a finite number, or the last row is not full.

    """
    numbers = []
    for argument in arguments:
        number = _finite(argument)
        if number is None and argument.startswith("--"):
            raise ConfigError(f"{argument}: no such option{did_you_mean(argument, options)}")
        if number is None:
            raise ConfigError(f"argument '{argument}': expected a finite number")
        numbers.append(number)
    if len(numbers) % width:
        raise ConfigError(f"{_count(len(numbers), 'number')} given; an input of this run has {width}")
    return np.array(numbers).reshape(-1, width)


def read_rows(path: Path, width: int) -> Rows:
    """The rows of a .csv or .npy file: (N, width), finite numbers, at least one row.

    A first line of a CSV file without any number is its header. A one-dimensional array is one column if
    `width` is 1, and one row otherwise.

    Raises:
        ConfigError: another ending, or the file cannot be read or does not hold such rows.

    """
    check_suffix(path, "input")
    try:
        rows = _read_npy(path, width) if path.suffix.lower() == ".npy" else _read_csv(path, width)
    except OSError as error:
        raise ConfigError(f"input: cannot read '{path}': {error.strerror or error}", key="input") from error
    except MemoryError as error:
        raise ConfigError(f"input: '{path}' does not fit into memory", key="input") from error
    if not len(rows):
        raise ConfigError(f"{path}: it holds no input")
    return rows


def check_suffix(path: Path, argument: str) -> None:
    """Refuse a file that is named as neither CSV nor NumPy.

    Raises:
        ConfigError: another ending.

    """
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{argument}: '{path}' ends in neither {' nor '.join(SUFFIXES)}", key=argument)


def _read_npy(path: Path, width: int) -> Rows:
    try:
        with open_regular(path) as file:
            array = read_npy(file, os.fstat(file.fileno()).st_size)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from error
    rows = array.reshape((-1, 1) if width == 1 else (1, -1)) if array.ndim == 1 else array
    if rows.ndim != 2 or rows.shape[1] != width:
        raise ConfigError(f"{path}: an array of shape {array.shape}; inputs of this run are (N, {width})")
    finite = np.isfinite(rows)
    if not finite.all():
        row = int(np.argmin(finite.all(axis=1)))
        raise ConfigError(f"{path}: row {row}, counted from 0, holds a number that is not finite")
    return rows


def _read_csv(path: Path, width: int) -> Rows:
    try:
        with io.TextIOWrapper(open_regular(path), encoding="utf-8-sig", newline="") as file:
            rows = list(_parse_csv(csv.reader(lines_of(file)), path, width))
    except (ValueError, csv.Error) as error:
        raise ConfigError(f"{path}: not a CSV file") from error
    return np.array(rows).reshape(-1, width)


def _parse_csv(reader: Any, path: Path, width: int) -> Iterator[list[float]]:
    is_first = True
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        where = f"{path}:{reader.line_num}"
        if len(cells) != width:
            raise ConfigError(f"{where}: {_count(len(cells), 'column')}; an input of this run has {width}")
        is_header = is_first and not any(map(_is_number, cells))
        is_first = False
        if is_header:
            continue
        row = []
        for cell in cells:
            number = _finite(cell)
            if number is None:
                raise ConfigError(f"{where}: '{cell}' is not a finite number")
            row.append(number)
        yield row


def _is_number(text: str) -> bool:
    try:
        real(text)
    except ValueError:
        return False
    return True


def _finite(text: str) -> float | None:
    number = real(text) if _is_number(text) else math.nan
    return number if math.isfinite(number) else None


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def plain_text(rows: Rows) -> str:
    """A line a row, its numbers separated by commas, each with the digits that its dtype needs."""
    # str() of a NumPy scalar is the shortest text that reads back as the same float32 or float64.
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def csv_text(rows: Rows) -> str:
    """The same below a header: `y`, or `y1,y2,…` for several columns."""
    width = rows.shape[1]
    header = ["y"] if width == 1 else [f"y{i + 1}" for i in range(width)]
    return ",".join(header) + "\n" + plain_text(rows)


def json_text(rows: Rows) -> str:
    """A list of rows, each a list of numbers; null for one that is not finite."""
    return orjson.dumps(
        np.ascontiguousarray(rows), option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE
    ).decode()


ROW_FORMATS: dict[str, Callable[[Rows], str]] = {"plain": plain_text, "csv": csv_text, "json": json_text}


def check_new(path: Path, argument: str) -> None:
    """Refuse a place to write to that is taken, or named as neither CSV nor NumPy.

    Raises:
        ConfigError: another ending, or there is such a file already.

    """
    check_suffix(path, argument)
    try:
        is_taken = path.is_symlink() or look(path) is not None
    except OSError as error:
        raise _cannot_write(path, error, argument) from error
    if is_taken:
        raise ConfigError(
            f"{argument}: '{path}' exists already, and nothing is ever overwritten", key=argument
        )


def write_rows(path: Path, rows: Rows, argument: str) -> None:
    """Write `rows` as a new .csv or .npy file, whole or not at all.

    Raises:
        ConfigError: another ending, there is such a file already, or it cannot be written.

    """
    check_new(path, argument)
    buffer = io.BytesIO()
    if path.suffix.lower() == ".npy":
        np.lib.format.write_array(buffer, rows, allow_pickle=False)
    else:
        buffer.write(csv_text(rows).encode())
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        try:
            beside.write_bytes(buffer.getvalue())
            _move_to_new(beside, path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise _cannot_write(path, error, argument) from error


def _cannot_write(path: Path, error: OSError, argument: str) -> ConfigError:
    return ConfigError(f"{argument}: cannot write '{path}': {error.strerror or error}", key=argument)


def _move_to_new(source: Path, target: Path) -> None:
    """Rename, but fail where a target has come up in the meantime, which a rename would replace."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        source.replace(target)
