"""Every error that evo raises on purpose, and the exit codes.

EvoError            something asked for could not be done (exit 1)
├── ConfigError     an option, a value, a name or a file that cannot be used (exit 2)
└── RunError        a run directory that cannot be written or read (exit 1)

A message that is about an argument begins with its name, and the error knows that name as its `key`. The
command line catches EvoError in one place and prints it as one line, never as a traceback, with `--` before
the key: there it is an option.
"""

import re
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import TypeVar

T = TypeVar("T")

# No name of a file is as long; what is, nobody reads to its end.
_LONGEST_WORD = 300
_LONGEST_MESSAGE = 4000


class ExitCode(IntEnum):
    """What a command returns to the shell."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    DIVERGED = 3
    INTERRUPTED = 130
    TERMINATED = 143


class EvoError(Exception):
    """Something asked for could not be done; the message is one line for a person.

    Of a word of thousands of characters the message keeps the two ends, and says how many there were.

    Attributes:
        message: the line.
        details: lines that belong below it, where there is more than one reason.
        key: the name of the argument that the message begins with, such as `runs_dir`; None if it is about no
            argument.

    """

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, *, details: Iterable[str] = (), key: str | None = None) -> None:
        self.message = shortened(message)
        self.details = tuple(map(shortened, details))
        super().__init__("\n  ".join([self.message, *self.details]))
        self.key = key


class ConfigError(EvoError):
    """An option, a value, a name or a file that cannot be used.

    Attributes:
        reasons: the single mistakes, where several were found at once; the message has a line for each.

    """

    exit_code = ExitCode.USAGE
    reasons: "tuple[ConfigError, ...]" = ()


class RunError(EvoError):
    """A run directory or one of its files cannot be written or read."""


def shortened(text: str) -> str:
    """`text`, with the two ends alone of what is too long to be read."""
    text = re.sub(rf"\S{{{_LONGEST_WORD + 1},}}", lambda word: _ends(word[0], 40), text)
    return text if len(text) <= _LONGEST_MESSAGE else _ends(text, _LONGEST_MESSAGE // 2)


def _ends(text: str, length: int) -> str:
    return f"{text[:length]}…({len(text):,} characters)…{text[-8:]}"


def did_you_mean(name: str, allowed: Iterable[str]) -> str:
    """`"; did you mean 'optim'?"` for the nearest of `allowed`, or an empty string."""
    from difflib import get_close_matches  # 3 ms that only a mistake should pay

    folded = {candidate.lower(): candidate for candidate in allowed}
    near = get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    return f"; did you mean '{folded[near[0]]}'?" if near else ""


def unknown(
    what: str, name: str, allowed: Iterable[str], where: str | None = None, *, key: str | None = None
) -> ConfigError:
    """The error for a name that is not among `allowed`: `where: unknown what 'name'; …`.

    `key` stands in the place of `where` if the name is the value of an argument.
    """
    names = list(allowed)
    message = f"unknown {what} '{name}'{did_you_mean(name, names)} (allowed: {', '.join(names)})"
    return ConfigError(f"{key or where}: {message}", key=key)


def choose(name: str, table: Mapping[str, T], key: str) -> T:
    """The entry of `table` called `name`, which is the value of the argument `key`.

    Raises:
        ConfigError: there is none.

    """
    if name not in table:
        raise unknown(key, name, table, key=key)
    return table[name]
