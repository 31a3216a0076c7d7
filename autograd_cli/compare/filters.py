"""The one language in which runs are chosen: `lr>5e-7 seed=0..3 status=completed since=yesterday`.

KEY=VALUES      any of the values, written as for a sweep: `1e-7,1e-6`  `0..3`  `log:1e-7:1e-5:3`  `null`; of
                numbers of any kind `A..B` holds both ends and all that is between them; in words `*` stands
                for anything: `name=first*`
KEY!=VALUES     none of them
KEY<VALUE       and <=, >, >=: numbers
since=TIME      begun at that time or later; `until=TIME`: before its end. A TIME is `today`, `yesterday`,
                `2h`, `30m`, `3d` ago, a date such as `2026-11-24`, or one with a time, `2026-11-24T15:30`, by
                the clock of the place where evo runs

A KEY is a configuration key, as it was asked for, or a figure as it was recorded, of those in `FIELDS`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, get_args

from autograd_cli.compare.fields import FIELDS, NUMBERS, keys_in, sort_key, value_of
from autograd_cli.config.values import expand_values, parse_duration
from autograd_cli.contract.keys import real, show
from autograd_cli.errors import ConfigError, did_you_mean, unknown
from autograd_cli.runs.record import RunRecord, Status

_CONDITION = re.compile(r"\s*([A-Za-z_]\w*)\s*(<=|>=|!=|==|=|<|>)\s*(.*?)\s*", re.DOTALL)
_NEXT = re.compile(r"\s+(?=[A-Za-z_]\w*\s*[<>=!])")
_BETWEEN = re.compile(r"([^.].*?)\.\.(.+)")
_OPERATORS = "=, !=, <, <=, > or >="
_TIMES = ("today", "yesterday", "2h", "30m", "3d", "2026-11-24", "2026-11-24T15:30")
_SHOWN = 8

Test = Callable[[RunRecord], bool]


@dataclass(frozen=True)
class Wanted:
    """A condition as somebody wrote it, and the argument that it is of; empty for a word among others."""

    text: str
    argument: str = "where"

    def refuse(self, message: str) -> ConfigError:
        """The error that says what is wrong with it."""
        key = self.argument or None
        return ConfigError(f"{self.argument or 'argument'}: '{self.text}': {message}", key=key)


def wanted_of(where: str | Sequence[str], since: str | None, until: str | None) -> list[Wanted]:
    """Conditions as every reader of runs takes them: a text or several, and the two ends of a time."""
    wanted = [Wanted(text) for text in ([where] if isinstance(where, str) else where)]
    return wanted + [
        Wanted(f"{key}={text}", key) for key, text in (("since", since), ("until", until)) if text
    ]


@dataclass(frozen=True)
class Condition:
    """What a run has to fulfil.

    Attributes:
        text: as it was written.
        key: what it asks for.
        holds: whether a run fulfils it.

    """

    text: str
    key: str
    holds: Test


def is_condition(word: str) -> bool:
    """Whether a word of the command line has the form of a condition."""
    return _CONDITION.fullmatch(word) is not None


def conditions_of(
    wanted: Iterable[Wanted | str], records: Sequence[RunRecord], now: datetime | None = None
) -> list[Condition]:
    """The conditions that texts hold, one or several each.

    Args:
        wanted: the texts.
        records: the runs to choose from, whose keys and values are those that there are.
        now: the time that `2h` ago is counted from.

    Raises:
        ConfigError: a text that is no condition, with the place of what is wrong; an unknown key; a value
            that is not of the key's kind.

    """
    keys = keys_in(records)
    time = now or datetime.now().astimezone()
    found = []
    for one in wanted:
        whole = Wanted(one) if isinstance(one, str) else one
        for part in _NEXT.split(whole.text.strip()):
            found.append(_parse(Wanted(part, whole.argument), keys, records, time))
    return found


def choose_runs(
    records: Sequence[RunRecord], wanted: Iterable[Wanted | str], now: datetime | None = None
) -> list[RunRecord]:
    """The runs that fulfil every condition.

    Raises:
        ConfigError: as of `conditions_of`.

    """
    chosen, wanted = list(records), list(wanted)
    if not wanted:
        return chosen
    for condition in conditions_of(wanted, records, now):
        chosen = [record for record in chosen if condition.holds(record)]
    return chosen


def why_none(
    records: Sequence[RunRecord], wanted: Iterable[Wanted | str], now: datetime | None = None
) -> str:
    """Why no run fulfils all conditions: the values that there are of a key, or how many fulfil each.

    Raises:
        ConfigError: as of `conditions_of`.

    """
    conditions = conditions_of(wanted, records, now)
    counts = [sum(map(condition.holds, records)) for condition in conditions]
    for condition, count in zip(conditions, counts, strict=True):
        if not count:
            return f"none of {len(records)} runs has {condition.text}; {values_there(records, condition.key)}"
    told = ", ".join(f"{c.text} ({count})" for c, count in zip(conditions, counts, strict=True))
    return f"none of {len(records)} runs fulfils all of: {told}"


def values_there(records: Iterable[RunRecord], key: str) -> str:
    """`lr is 1e-07 (2 runs) or 1e-06 (1)`, or from where to where the values go, of many."""
    if key in ("since", "until"):
        key = "started_at"
    counts = Counter(value_of(record, key) for record in records)
    values = sorted((value for value in counts if value is not None), key=sort_key)
    if not values:
        return f"no run has a value of {key}"
    if len(values) > _SHOWN:
        first, last = (_shown(values[i]) for i in (0, -1))
        return f"{key} has {len(values)} values, from {first} to {last}"
    return f"{key} is " + " or ".join(f"{_shown(value)} ({counts[value]})" for value in values)


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else show(value)


def _parse(wanted: Wanted, keys: Sequence[str], records: Sequence[RunRecord], now: datetime) -> Condition:
    text = wanted.text
    match = _CONDITION.fullmatch(text)
    if not match:
        start = re.match(r"\s*[A-Za-z_]\w*", text)
        place = (start.end() if start else 0) + 1
        missing = f"{_OPERATORS} at character {place}" if start else "KEY=VALUE, a key at character 1"
        raise wanted.refuse(f"expected {missing}, as in 'lr>5e-7 seed=0..3'")
    key, operator, rest = match[1], match[2].replace("==", "="), match[3]
    place = match.start(3) + 1
    if key in ("since", "until") and key not in keys:
        return Condition(text.strip(), key, _time_test(wanted, key, operator, rest, now))
    allowed = dict.fromkeys((*FIELDS, "since", "until", *keys))
    if key not in allowed:
        raise unknown("key", key, allowed, key=wanted.argument or None, where="argument")
    is_number = _is_number(key, keys, records)
    if operator not in ("=", "!="):
        if not is_number:
            raise wanted.refuse(
                f"{key} is a word, and '{operator}' at character {match.start(2) + 1} compares numbers"
            )
        return Condition(text.strip(), key, _order_test(key, operator, _number(wanted, key, rest, place)))
    test = _number_test(wanted, key, rest, place) if is_number else _word_test(wanted, key, rest, place)
    if operator == "!=":
        return Condition(text.strip(), key, lambda record: not test(value_of(record, key)))
    return Condition(text.strip(), key, lambda record: test(value_of(record, key)))


def _is_number(key: str, keys: Sequence[str], records: Sequence[RunRecord]) -> bool:
    """Whether a key's values are numbers, or were so in the first run that has one."""
    if key not in keys:
        return key in NUMBERS
    known = (record.config[key] for record in records if record.config.get(key) is not None)
    return type(next(known, None)) in (int, float)


def _number(wanted: Wanted, key: str, text: str, place: int) -> float:
    try:
        return real(text)
    except ValueError:
        what = (
            f"'{text}' at character {place} is no number"
            if text
            else f"a number is missing at character {place}"
        )
        raise wanted.refuse(f"{what}; {key} is one") from None


def _order_test(key: str, operator: str, bound: float) -> Test:
    def test(record: RunRecord) -> bool:
        value = value_of(record, key)
        if not isinstance(value, int | float):
            return False
        if operator == "<":
            return value < bound
        if operator == ">":
            return value > bound
        return value <= bound if operator == "<=" else value >= bound

    return test


def _number_test(wanted: Wanted, key: str, text: str, place: int) -> Callable[[Any], bool]:
    """Whether a value is among the numbers of a list, or between two of them."""
    among: set[float | None] = set()
    between: list[tuple[float, float]] = []
    for part in _parts(wanted, text, place):
        word, at = part
        ends = _BETWEEN.fullmatch(word)
        if word.lower() in ("null", "none", "~"):
            among.add(None)
        elif ends:
            low, high = _number(wanted, key, ends[1], at), _number(wanted, key, ends[2], at + ends.start(2))
            if high < low:
                raise wanted.refuse(
                    f"'{word}' at character {at} is empty: its first number is larger than its last"
                )
            between.append((low, high))
        elif ":" in word:
            try:
                among.update(map(real, expand_values(word, "range")))
            except (ConfigError, ValueError) as error:
                raise wanted.refuse(f"{str(error).removeprefix('range: ')} (at character {at})") from None
        else:
            among.add(_number(wanted, key, word, at))

    def test(value: Any) -> bool:
        if value in among:
            return not isinstance(value, bool)
        return isinstance(value, int | float) and any(low <= value <= high for low, high in between)

    return test


def _word_test(wanted: Wanted, key: str, text: str, place: int) -> Callable[[Any], bool]:
    words = [word for word, _ in _parts(wanted, text, place)]
    if key == "status":
        for word, at in _parts(wanted, text, place):
            if word not in (known := get_args(Status)) and "*" not in word:
                near = did_you_mean(word, known)
                raise wanted.refuse(
                    f"'{word}' at character {at} is no status{near} (allowed: {', '.join(known)})"
                )
    patterns = [word for word in words if "*" in word]

    def test(value: Any) -> bool:
        said = "null" if value is None else show(value).lower() if isinstance(value, bool) else str(value)
        if said in words or said == text or (isinstance(value, bool) and said in map(str.lower, words)):
            return True
        return value is not None and any(
            fnmatchcase(said, pattern.replace("[", "[[]")) for pattern in patterns
        )

    return test


def _parts(wanted: Wanted, text: str, place: int) -> list[tuple[str, int]]:
    """The values of a list, and at which character each begins."""
    parts, at = [], place
    for part in text.split(","):
        word = part.strip()
        if not word:
            raise wanted.refuse(f"a value is missing at character {at}")
        parts.append((word, at + part.index(word)))
        at += len(part) + 1
    return parts


def _time_test(wanted: Wanted, key: str, operator: str, text: str, now: datetime) -> Test:
    if operator != "=":
        raise wanted.refuse(f"write {key}=TIME")
    try:
        first, last = _time(text, now)
    except ValueError:
        near = did_you_mean(text, _TIMES)
        raise ConfigError(
            f"{wanted.argument or 'argument'}: '{text}' is no time{near} (such as {', '.join(_TIMES)})",
            key=wanted.argument or None,
        ) from None
    bound = (first if key == "since" else last).astimezone(UTC)
    written = bound.isoformat(timespec="milliseconds")

    def test(record: RunRecord) -> bool:
        started_at = record.started_at
        if not started_at:
            return False
        if not started_at.endswith("+00:00"):  # another tool's time, or another place's
            try:
                other = datetime.fromisoformat(started_at).astimezone(UTC)
            except ValueError:
                return False
            started_at = other.isoformat(timespec="milliseconds")
        # In one form, times are in the order of their letters.
        return started_at >= written if key == "since" else started_at < written

    return test


def _time(text: str, now: datetime) -> tuple[datetime, datetime]:
    """The first moment of a time, and the first one past it: a day long for a date.

    Raises:
        ValueError: it is none.

    """
    day = timedelta(days=1)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    word = text.strip().lower()
    if word == "now":
        return now, now
    if word in ("today", "yesterday"):
        first = midnight if word == "today" else midnight - day
        return first, first + day
    if re.fullmatch(r"\d[\d.]*[smhdw]", word):
        scale = 7 if word.endswith("w") else 1
        try:
            moment = now - timedelta(seconds=scale * parse_duration(word.replace("w", "d")))
        except OverflowError:
            raise ValueError(text) from None
        return moment, moment
    found = datetime.fromisoformat(text.strip())
    if found.tzinfo is None:
        found = found.replace(tzinfo=now.tzinfo) if now.tzinfo is UTC else found.astimezone()
    return found, found + day if re.fullmatch(r"[\d-]{8,10}", text.strip()) else found
