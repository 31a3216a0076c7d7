"""Text of any origin, made safe to show; numbers and durations, the same in every table."""

import math
import re
from bisect import bisect
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

_BLOCKS = "▁▂▃▄▅▆▇█"

# Patterns, compiled when one is first needed, which help and most tables never do.
# What makes a terminal do something, turns the direction of reading, ends a line, or is half a character.
_UNSAFE = "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
_COLOUR = r"(\x1b\[[0-9;]*m|\n)"
# All others are one cell wide each. Between U+2500 and U+259F are the pictures' own characters.
_MAYBE_WIDE = "[^\x00-\u02ff\u2010-\u2027\u2500-\u259f]"
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def shown(text: str) -> str:
    r"""`text` in one line that a terminal only shows: `\x1b` for an escape, `\n` for a newline.

    Control characters, those that turn the direction of reading, and bytes that are no UTF-8 are replaced by
    their numbers. A text without any stays as it is, so that showing twice changes nothing.
    """
    return text if text.isprintable() else re.sub(_UNSAFE, _number_of, text)


def _number_of(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code < 0xDD00:  # a byte of a name, as Python keeps it
        return f"\\x{code - 0xDC00:02x}"
    return _NAMED.get(match[0]) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def guarded(text: str) -> str:
    """Lines for a terminal, in which nothing but colours and the ends of lines has any effect."""
    return "".join(part if re.fullmatch(_COLOUR, part) else shown(part) for part in re.split(_COLOUR, text))


def cells(text: str) -> int:
    """How many cells of a terminal `text` takes: two for a wide character, none for a combining one."""
    if text.isascii() or not _maybe_wide()(text):
        return len(text)
    from unicodedata import category, east_asian_width  # hardly any table needs it

    return sum(
        0 if category(one) in ("Mn", "Me", "Cf") else 2 if east_asian_width(one) in "WF" else 1
        for one in text
    )


def all_cells(texts: Sequence[str]) -> list[int]:
    """How many cells each of many texts takes."""
    together = "".join(texts)
    return list(map(len if together.isascii() or not _maybe_wide()(together) else cells, texts))


@cache
def _maybe_wide() -> Callable[[str], Any]:
    return re.compile(_MAYBE_WIDE).search


def json_text(content: Any) -> str:
    r"""`content` as indented JSON in pure ASCII, so that no stream's encoding and no terminal can change it.

    A byte of a name that is not UTF-8 stands as `\udc80` to `\udcff`, as Python's json reads and writes it:
    os.fsencode makes the name's bytes of what json.loads returns.
    """
    import orjson  # neither help nor errors must wait for it

    try:
        text = orjson.dumps(content, option=orjson.OPT_INDENT_2).decode()
    except TypeError:  # orjson takes no such names
        import json

        text = json.dumps(_finite(content), indent=2, ensure_ascii=False)
    if not text.isascii() or "\x7f" in text:
        text = re.sub("[^\x00-\x7e]", _json_escape, text)
    return text + "\n"


def _finite(content: Any) -> Any:
    """The same with null for each number that JSON lacks, as orjson has it."""
    if isinstance(content, dict):
        return {name: _finite(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def _json_escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def number(value: float | None) -> str:
    """Up to eight significant digits, which is what float32 holds; a dash for nothing."""
    return "-" if value is None else f"{value:.8g}"


def at_the_point(numbers: Sequence[str]) -> list[str]:
    """Numbers, padded so that their decimal points, or where those would be, stand below each other."""
    pieces = [re.match(r"([^.e]*)(.*)", one) for one in numbers]
    parts = [(piece[1], piece[2]) for piece in pieces if piece]
    before, after = (max((len(part[i]) for part in parts), default=0) for i in (0, 1))
    return [f"{whole:>{before}}{rest:<{after}}" for whole, rest in parts]


def duration(seconds: float | None) -> str:
    """A time in the unit that suits it: `13.5 µs`, `2.1 ms`, `3.04 s`, `2:05:10`."""
    if seconds is None or not math.isfinite(seconds):
        return "-"
    if seconds >= 60:
        minutes, whole = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02d}:{whole:02d}" if hours else f"{minutes}:{whole:02d}"
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 0.9995:  # three digits of it are a whole one
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns" if seconds else "0 s"


def figures(values: Sequence[float | None], digits: int = 5) -> list[str]:
    """Numbers in one form: as many decimals, or all with exponents, `digits` significant ones at least.

    None, and what is not finite, is a dash.
    """
    sizes = [abs(value) for value in values if value and math.isfinite(value)]
    low, high = (min(sizes), max(sizes)) if sizes else (1.0, 1.0)
    if low >= 1e-4 and high < 1e7 and high / low < 1e4:
        form = f".{max(digits - 1 - math.floor(math.log10(low)), 0)}f"
    else:
        form = f".{digits - 1}e"
    return ["-" if value is None or not math.isfinite(value) else f"{value:{form}}" for value in values]


def telling_figures(values: Sequence[float]) -> list[str]:
    """Numbers in four digits, or as many as it takes for different ones to look different."""
    many = set(values)
    digits = next((n for n in range(4, 17) if len({f"{value:.{n}g}" for value in many}) == len(many)), 17)
    return [f"{value:.{digits}g}" for value in values]


def in_one_unit(seconds: Sequence[float | None]) -> tuple[str, list[str]]:
    """Times in the unit that suits the shortest, and that unit."""
    known = [value for value in seconds if value and math.isfinite(value)]
    least = min(known, default=1.0)
    unit, scale = next(
        ((u, s) for u, s in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)) if least * s >= 0.9995), ("ns", 1e9)
    )
    return unit, figures([None if value is None else value * scale for value in seconds], 3)


def log_range(curves: Sequence[Sequence[float]]) -> tuple[float, float]:
    """The smallest and the largest loss above zero of some curves; twice 1 if there is none."""
    ends = [(min(curve), max(curve)) for curve in curves if curve]
    low, high = min((low for low, _ in ends), default=1.0), max((high for _, high in ends), default=1.0)
    if low <= 0:  # some are not above zero, and hide the least that is
        known = [loss for curve in curves for loss in curve if loss > 0]
        low, high = (min(known), max(known)) if known else (1.0, 1.0)
    return low, high


def sparkline(losses: Sequence[float], width: int = 16, span: tuple[float, float] | None = None) -> str:
    """The shape of a loss curve on a log scale, highest block for the largest loss.

    Losses of zero or less have no logarithm: they are drawn as the lowest block.

    Args:
        losses: the curve.
        width: cells.
        span: losses of the lowest and of the highest block, so that curves can be compared; what lies
            beyond is drawn as these. Without it those of the curve itself.

    """
    from autograd_cli.runs.losses import evenly  # neither must they for what it imports

    shape = evenly(losses, width)
    bounds = _bounds(*(log_range([shape]) if span is None else span))
    return "".join([_BLOCKS[bisect(bounds, loss)] for loss in shape])


@lru_cache(maxsize=64)
def _bounds(low: float, high: float) -> list[float]:
    """The least loss of each block but the lowest: blocks are as high as each other on a log scale."""
    if low >= high:
        return []
    first = math.log10(low)
    step = (math.log10(high) - first) / (len(_BLOCKS) - 1)
    return [10 ** (first + (block + 0.5) * step) for block in range(len(_BLOCKS) - 1)]
