"""Axes: where values stand on them, what is written beside them, and where labels find room."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

Ticks = list[tuple[float, str]]


@dataclass(frozen=True)
class Scale:
    """An axis.

    A logarithm has no place for zero: where there are zeros they stand on a line of their own, below all
    other values and apart from them.

    Attributes:
        is_log: whether equal ratios are equal lengths.
        low, high: the ends of the axis, as places.
        zero: the place of zero on a logarithmic axis that has some; None otherwise.
        names: what stands at 0, 1, …, where the values are no numbers.
        is_whole: whether nothing lies between whole numbers.

    """

    is_log: bool
    low: float
    high: float
    zero: float | None = None
    names: tuple[str, ...] = ()
    is_whole: bool = False

    def place(self, value: float) -> float:
        """Where `value` stands; at an end what lies beyond it."""
        if not self.is_log:
            return min(max(value, self.low), self.high)
        if value <= 0:
            return self.low
        least = self.low if self.zero is None else self.low + _ZERO_BELOW / 2
        return min(max(math.log10(value), least), self.high)

    def ticks(self, most: int) -> Ticks:
        """At most some `most` places with what is written there, from the low end on."""
        most = max(most, 2)
        if self.names:
            every = -(-len(self.names) // most)
            return [(float(i), self.names[i]) for i in range(0, len(self.names), every)]
        if not self.is_log:
            least = 1.0 if self.is_whole else 0.0
            return [(value, tick_text(value)) for value in _even(self.low, self.high, most, least)]
        low = self.low if self.zero is None else self.low + _ZERO_BELOW / 2
        zeros = [] if self.zero is None else [(self.zero, "0")]
        first, last = math.ceil(low - 1e-9), math.floor(self.high + 1e-9)
        if last - first >= 1:
            every = -(-(last - first + 1) // most)
            powers = [n for n in range(first, last + 1) if n % every == 0]
            return [*zeros, *((float(n), _power_text(n)) for n in powers)]
        values = _even(10.0**low, 10.0 ** min(self.high, 308.0), most)
        return [*zeros, *((math.log10(value), tick_text(value)) for value in values if value > 0)]

    def minor_ticks(self) -> list[float]:
        """The places of 2, 3, …, 9 times a power of ten, where there are few powers."""
        if not self.is_log or self.high - self.low > 6:
            return []
        low = self.low if self.zero is None else self.low + _ZERO_BELOW / 2
        places = [
            n + math.log10(k) for n in range(math.floor(low), math.ceil(self.high)) for k in range(2, 10)
        ]
        return [place for place in places if low <= place <= self.high]


# How far below the smallest loss, in decades, zeros stand.
_ZERO_BELOW = 1.0


def loss_scale(values: Iterable[float]) -> Scale:
    """The axis of these losses: logarithmic, unless one is negative."""
    known = [value for value in values if math.isfinite(value)]
    if any(value < 0 for value in known):
        return linear_scale(known)
    positive = [value for value in known if value > 0]
    low, high = (min(positive), max(positive)) if positive else (0.1, 1.0)
    ends = math.log10(low), math.log10(high)
    margin = min(max(0.02 * (ends[1] - ends[0]), 0.005), 0.25)
    ends = ends[0] - margin, ends[1] + margin
    if len(positive) == len(known):
        return Scale(True, *ends)
    zero = ends[0] - _ZERO_BELOW
    return Scale(True, zero, ends[1], zero)


def key_scale(values: Iterable[float], names: Sequence[str] = ()) -> Scale:
    """The axis of steps or of a key's values: logarithmic where positive ones lie a decade or more apart."""
    known = list(values)
    if names:
        return Scale(False, -0.5, len(names) - 0.5, names=tuple(names))
    if known and min(known) > 0 and max(known) >= 10 * min(known):
        margin = 0.02 * math.log10(max(known) / min(known))
        return Scale(True, math.log10(min(known)) - margin, math.log10(max(known)) + margin)
    return replace(linear_scale(known), is_whole=all(map(float.is_integer, map(float, known))))


def step_scale(values: Iterable[float]) -> Scale:
    """The axis of steps, from the first to the end of the last."""
    known = list(values) or [0.0]
    return Scale(False, min(known), max(known) + 1, is_whole=True)


def linear_scale(values: Sequence[float], margin: float = 0.04) -> Scale:
    """The axis of any values, with `margin` of their range free at both ends."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    free = margin * (high - low) or margin * abs(high) or 1.0
    return Scale(False, low - free, high + free)


def _even(low: float, high: float, most: int, least: float = 0.0) -> list[float]:
    """Round numbers between two ends, evenly apart: multiples of 1, 2 or 5 times a power of ten."""
    apart = max((high - low) / most, least)
    if not (math.isfinite(apart) and apart > 0):
        return [low]
    power = 10.0 ** math.floor(math.log10(apart))
    apart = next((k * power for k in (1, 2, 5, 10) if k * power >= apart), 10 * power)
    first, last = math.ceil(low / apart - 1e-9), math.floor(high / apart + 1e-9)
    return [n * apart for n in range(first, last + 1)]


def compact(value: float) -> str:
    """A loss in three digits: `5200`, `18.7`, `1.32e-5`."""
    return tick_text(float(f"{value:.3g}"))


def tick_text(value: float) -> str:
    """A round number as it stands at an axis: `1000`, `0.05`, `1e-6`."""
    if value == 0:
        return "0"
    if 1e-3 <= abs(value) < 1e5:
        return f"{value:.6g}"
    mantissa, _, exponent = f"{value:.4e}".partition("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"


def _power_text(exponent: int) -> str:
    return tick_text(10.0**exponent) if -3 < exponent < 4 else f"1e{exponent}"


def spread(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Places as near to those wanted as they can be while they are `apart` from each other, in their order.

    Neighbours that are too close move away from their middle by the same way. All stay between `low` and
    `high`, unless there is no room for them.
    """
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    blocks: list[list[float]] = []  # sum of the wanted places less their offsets, and how many
    for rank, i in enumerate(order):
        blocks.append([wanted[i] - rank * apart, 1])
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] > blocks[-1][0] / blocks[-1][1]:
            total, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += count
    bases = [total / count for total, count in blocks for _ in range(int(count))]
    highest = high - apart * (len(wanted) - 1)
    found = [0.0] * len(wanted)
    for rank, i in enumerate(order):
        found[i] = max(min(bases[rank], highest), low) + rank * apart
    return found
