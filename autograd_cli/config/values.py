"""What one key takes in turn: lists and ranges, written so that no shell wants them quoted.

1e-7,1e-6       each in turn
0..9            whole numbers, both ends included
lin:0:1:5       5 numbers, evenly spaced, both ends included
log:1e-7:1e-5:3 3 numbers, each the same multiple of the one before, both ends included; to 4 digits
log125:1e-7:1e-3 the numbers 1, 2 and 5 times a power of ten from the first to the last

And times: 30s, 5m, 1.5h, 2d, or a plain number of seconds.
"""

import math
import re

from autograd_cli.contract.keys import real, show, whole
from autograd_cli.errors import ConfigError

RUNS_MAX = 100_000

_WHOLE = re.compile(r"(-?[0-9]+)\.\.(-?[0-9]+)")
_ROUND = re.compile(r"log125:(.*)")
_SPACED = re.compile(r"(lin|log):(.*)")
_DURATION = re.compile(r"(\d+\.?\d*|\.\d+)([smhd]?)", re.ASCII)
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def expand_values(text: str, where: str) -> list[str]:
    """The values that `text` stands for, as text that `Key.parse` reads.

    Raises:
        ConfigError: an empty value, a range without numbers in it, or more than `RUNS_MAX` values;
            `where` says where the text came from.

    """
    values: list[str] = []
    for part in text.split(","):
        if not part.strip():
            raise ConfigError(f"{where}: '{text}' has an empty value")
        values += _expand(part.strip(), where)
        if len(values) > RUNS_MAX:
            raise ConfigError(f"{where}: '{text}' has more than {RUNS_MAX} values")
    return values


def parse_duration(text: str) -> float:
    """The seconds that a text such as `30s`, `5m`, `1.5h` or `90` stands for.

    Raises:
        ValueError: it is no time, or not above 0.

    """
    found = _DURATION.fullmatch(text.strip())
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if not 0 < seconds < math.inf:
        raise ValueError(text)
    return seconds


def _expand(part: str, where: str) -> list[str]:
    if ends := _WHOLE.fullmatch(part):
        try:
            first, last = whole(ends[1]), whole(ends[2])
        except ValueError:
            raise ConfigError(f"{where}: '{part}' has an end of too many digits") from None
        if last < first:
            raise ConfigError(f"{where}: '{part}' is empty: the first number is larger than the last")
        if last - first >= RUNS_MAX:
            raise ConfigError(f"{where}: '{part}' has more than {RUNS_MAX} values")
        return [str(n) for n in range(first, last + 1)]
    if steps := _ROUND.fullmatch(part):
        return _round_values(part, steps[1].split(":"), where)
    if spaced := _SPACED.fullmatch(part):
        return _spaced(part, spaced[1], spaced[2].split(":"), where)
    return [part]


def _spaced(part: str, kind: str, fields: list[str], where: str) -> list[str]:
    try:
        first_text, last_text, count_text = fields
        first, last, count = real(first_text), real(last_text), whole(count_text)
    except ValueError:
        raise ConfigError(
            f"{where}: '{part}' is not a range; write {kind}:FIRST:LAST:COUNT, such as {kind}:1e-7:1e-5:16"
        ) from None
    if not (math.isfinite(first) and math.isfinite(last)):
        raise ConfigError(f"{where}: '{part}': both ends must be finite numbers")
    if not 2 <= count <= RUNS_MAX:
        raise ConfigError(f"{where}: '{part}': the count must be from 2 to {RUNS_MAX}")
    if kind == "log" and not (first > 0 and last > 0):
        raise ConfigError(f"{where}: '{part}': both ends of a log range must be above 0")
    are_whole = _is_whole(first_text) and _is_whole(last_text)
    inner = [_point(kind, first, last, i / (count - 1)) for i in range(1, count - 1)]
    # An end in more digits than that is one of its own, and stays as it was written.
    digits = 4 if kind == "log" else 12
    points = [_show_point(value, are_whole, digits) for value in inner]
    if len({float(text) for text in points}) < len(points):  # so near each other that four digits are too few
        points = [_show_point(value, are_whole, 12) for value in inner]
    return [first_text, *points, last_text]


def _round_values(part: str, fields: list[str], where: str) -> list[str]:
    """1, 2 and 5 times powers of ten, both ends included if they are such."""
    try:
        first, last = map(real, fields)
    except ValueError:
        form = "log125:FIRST:LAST, as log125:1e-7:1e-3"
        raise ConfigError(f"{where}: '{part}' is not a range; write {form}") from None
    if not 0 < first <= last < math.inf:
        raise ConfigError(f"{where}: '{part}': both ends must be above 0, the smaller one first")
    powers = range(math.floor(math.log10(first)), math.floor(math.log10(last)) + 1)
    every = [f"{digit}e{power}" for power in powers for digit in (1, 2, 5)]
    found = [text for text in every if first <= float(text) <= last]
    if not found:
        raise ConfigError(f"{where}: '{part}' is empty: no 1, 2 or 5 times a power of ten lies between")
    are_whole = all(map(_is_whole, fields))
    return [str(int(float(text))) if are_whole else show(float(text)) for text in found]


def _point(kind: str, first: float, last: float, part: float) -> float:
    if kind == "lin":
        return first + (last - first) * part
    return math.exp(math.log(first) + (math.log(last) - math.log(first)) * part)


def _show_point(value: float, is_whole: bool, digits: int) -> str:
    """The point in so many digits, which no rounding error reaches; between whole ends as a whole number."""
    rounded = float(f"{value:.{digits}g}")
    return str(int(rounded)) if is_whole and rounded.is_integer() else show(rounded)


def _is_whole(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+", text) is not None
