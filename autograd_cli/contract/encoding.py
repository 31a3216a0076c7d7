r"""JSON of anything that evo records, names that are not UTF-8 among it.

Python keeps a byte of a name that is not UTF-8 as half a surrogate pair, `\udc80` to `\udcff`. JSON can write
such a half as an escape, as Python's json does; orjson, which is several times as fast, neither writes nor
reads it.
"""

import math
from typing import Any

import orjson


def json_bytes(content: Any, *, indent: bool = False, sort: bool = False) -> bytes:
    """`content` as JSON: in lines that end in a newline with `indent`, by sorted keys with `sort`."""
    lines = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE if indent else 0
    try:
        return orjson.dumps(content, option=lines | (orjson.OPT_SORT_KEYS if sort else 0))
    except TypeError:
        import json  # hardly any run needs it

        text = json.dumps(
            content, indent=2 if indent else None, separators=None if indent else (",", ":"), sort_keys=sort
        )
        return text.encode() + (b"\n" if indent else b"")


def parse_json(content: bytes) -> Any:
    """What `content` says.

    Raises:
        orjson.JSONDecodeError: not JSON, or with a number that is not finite.

    """
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        if b"\\ud" not in content.lower():
            raise
        import json

        try:
            return json.loads(
                content.decode(), parse_constant=_finite, parse_float=_finite, parse_int=_of_64_bits
            )
        except (ValueError, RecursionError):
            pass
        raise


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _of_64_bits(text: str) -> int | float:
    number = int(text)
    return number if -(2**63) <= number < 2**64 else _finite(text)
