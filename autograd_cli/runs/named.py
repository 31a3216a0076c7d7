"""A JSON file that somebody names: where a report or a benchmark is written, and read again."""

import errno
import os
from pathlib import Path
from typing import Any

import orjson

from autograd_cli.config.reading import read_bounded
from autograd_cli.contract.encoding import json_bytes, parse_json
from autograd_cli.errors import ConfigError
from autograd_cli.runs.disk import write_whole

_MAX_BYTES = 256 * 2**20


def check_place(path: Path, argument: str) -> None:
    """Refuse a place where no file can be written, before the work is done; `argument` has named it.

    Raises:
        ConfigError: it cannot be written there.

    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        beside = path.with_name(f".{path.name}.part")
        beside.touch()
        beside.unlink()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigError(f"{argument}: cannot write '{path}': {why}", key=argument) from None


def write_json(path: Path, content: Any, argument: str) -> None:
    """Write `content` to the path that `argument` has named, in the place of whatever was there.

    Raises:
        ConfigError: it cannot be written.

    """
    try:
        write_whole(path, json_bytes(content, indent=True))
    except OSError as error:
        raise ConfigError(f"{argument}: cannot write '{path}': {error.strerror}", key=argument) from None


def read_json(path: Path, argument: str) -> Any:
    """What is in the path that `argument` has named.

    Raises:
        ConfigError: it cannot be read, or is no JSON.

    """
    try:
        return parse_json(read_bounded(path, _MAX_BYTES))
    except OSError as error:
        raise ConfigError(f"{argument}: cannot read '{path}': {error.strerror}", key=argument) from None
    except orjson.JSONDecodeError as error:
        raise ConfigError(f"{argument}: '{path}' is not valid JSON: {error.msg}", key=argument) from None
