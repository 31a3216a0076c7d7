"""Numbers and durations as text, the same in every table."""

import math
from collections.abc import Sequence

from autograd_cli.runs.losses import evenly

_BLOCKS = "▁▂▃▄▅▆▇█"


def number(value: float | None) -> str:
    """Up to eight significant digits, which is what float32 holds; a dash for nothing."""
    return "-" if value is None else f"{value:.8g}"


def duration(seconds: float | None) -> str:
    """A time in the unit that suits it: `13.5 µs`, `2.1 ms`, `3.04 s`, `2:05:10`."""
    if seconds is None:
        return "-"
    if seconds >= 60:
        minutes, whole = divmod(round(seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02d}:{whole:02d}" if hours else f"{minutes}:{whole:02d}"
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 0.9995:  # three digits of it are a whole one
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns" if seconds else "0 s"


def sparkline(losses: Sequence[float], width: int = 16) -> str:
    """The shape of a loss curve on a log scale, highest block for the largest loss.

    Losses of zero or less have no logarithm: they are drawn as the lowest block.
    """
    logs = [math.log10(loss) if loss > 0 else None for loss in evenly(losses, width)]
    known = [value for value in logs if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 0.0)
    step = (high - low) / (len(_BLOCKS) - 1)
    return "".join(_BLOCKS[round((v - low) / step) if v is not None and step > 0 else 0] for v in logs)
