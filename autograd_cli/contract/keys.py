"""What a configuration key may hold: its type, its range, and how its text is read.

YAML files and `KEY=VALUE` arguments go through the same `Key.parse`, so `1e-6` is a number in both.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Value = bool | int | float | str | None

_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})
_SCIENTIFIC = re.compile(r"([+-]?)(\d{1,20})(?:\.(\d{1,20}))?[eE]\+?(\d{1,3})", re.ASCII)
_NULL = frozenset({"", "~", "null", "none"})


@dataclass(frozen=True)
class Key:
    """One configuration key.

    Attributes:
        name: the key.
        kind: `int`, `float`, `bool` or `str`.
        help: what it is, for a person.
        minimum: the smallest number allowed.
        below: what a number must be smaller than.
        choices: the words allowed.
        optional: whether null is allowed, too.
        plain: the value that every level of the task can be configured to have, so that levels can be held
            against each other; None for a key, such as a size, whose every value suits every level.
        levels: the task's levels that take other values than `plain`; empty for all of them.
        because: why a level takes no other value, where its name does not say it.
        needs: a key and the only value of it that goes with other values than `plain`.

    """

    name: str
    kind: type
    help: str
    minimum: float | None = None
    below: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False
    plain: Value = None
    levels: tuple[str, ...] = ()
    because: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, Value] | None = None

    def is_fixed_for(self, level: str) -> bool:
        """Whether the task's level of that name takes `plain` and nothing else."""
        return bool(self.levels) and level not in self.levels

    @property
    def allowed(self) -> str:
        """What the key accepts, as the end of a sentence: `a whole number, 1 or more`."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        words = {int: "a whole number", float: "a finite number", bool: "true or false", str: "text"}[
            self.kind
        ]
        if self.minimum is not None:
            words += f", {self._bound(self.minimum)} or more"
        if self.below is not None:
            words += f" and below {self._bound(self.below)}"
        return words + (", or null" if self.optional else "")

    def _bound(self, number: float) -> str:
        """A limit in all its digits where only whole numbers count."""
        return str(int(number)) if self.kind is int else f"{number:g}"

    def parse(self, text: str) -> Value:
        """The value that `text` stands for.

        Raises:
            ValueError: `text` is not of this key's kind or lies outside its range.

        """
        if self.optional and text.lower() in _NULL:
            return None
        value = self._read(text)
        if (self.choices and value not in self.choices) or not self.holds(value):
            raise ValueError(text)
        return value

    def holds(self, value: Value) -> bool:
        """Whether a number lies in the key's range; what is no number has none."""
        if not isinstance(value, int | float):
            return True
        return not (
            (self.minimum is not None and value < self.minimum)
            or (self.below is not None and value >= self.below)
        )

    def _read(self, text: str) -> bool | int | float | str:
        if self.kind is bool:
            if text.lower() not in _TRUE | _FALSE:
                raise ValueError(text)
            return text.lower() in _TRUE
        if self.kind is int:
            return whole(text)
        if self.kind is float:
            number = real(text)
            if not math.isfinite(number):
                raise ValueError(text)
            return number
        return text


def whole(text: str) -> int:
    """The whole number that `text` is in every language's notation: no `1_000`, no digits but 0 to 9.

    `1e4` and `2.5e3` are whole numbers, too; `1.5e0` and `1.0` are none.

    Raises:
        ValueError: it is none, or has more digits than Python converts.

    """
    try:
        if scientific := _SCIENTIFIC.fullmatch(text.strip()):
            return _scaled(*scientific.groups(""))
        return int(_plain(text))
    except ValueError:
        raise ValueError(f"'{text}' is not a whole number") from None


def _scaled(sign: str, digits: str, decimals: str, exponent: str) -> int:
    """Digits, decimals and a power of ten, exactly."""
    missing = int(exponent) - len(decimals)
    if missing < 0:
        raise ValueError(exponent)
    return int(f"{sign}{digits}{decimals}{'0' * missing}")


def real(text: str) -> float:
    """The number that `text` is in the same notation; `inf` and `nan` are numbers, too.

    Raises:
        ValueError: it is none.

    """
    return float(_plain(text))


def _plain(text: str) -> str:
    if "_" in text or not text.isascii():
        raise ValueError(text)
    return text


DTYPES = ("float32", "float64")
DEVICES = ("cpu", "cuda")

COMMON_KEYS: Mapping[str, Key] = {
    key.name: key
    for key in (
        # The largest seed that fits the 64-bit integers of other tools that read the files.
        Key("seed", int, "seed of the data, the start and the control flow", minimum=0, below=2**63),
        Key("steps", int, "number of training steps", minimum=0, below=2**53),
        Key("lr", float, "learning rate", minimum=0),
        Key("dtype", str, "floating-point type of all arrays", choices=DTYPES),
        Key("device", str, "where the arrays live", choices=DEVICES),
        Key("threads", int, "threads of one matrix product", minimum=1, below=1025),
        Key("print_every", int, "steps from one printed row to the next", minimum=1, below=2**53),
    )
}


def show(value: Value) -> str:
    """`value` as it is written in YAML and on the command line: `true`, `null`, `1e-06`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)
