"""The standard streams: how text leaves, and what to do when nobody can be told any more."""

import codecs
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from autograd_cli.display.text import guarded, shown
from autograd_cli.errors import EvoError, shortened

# The pictures' own characters, which a list of their numbers would not make any clearer.
_PICTURES = range(0x2500, 0x25A0)
# Bytes of a name that is not UTF-8, as Python keeps them in text.
_RAW_BYTES = range(0xDC80, 0xDD00)


def prepare() -> None:
    """Make the standard streams take any text, and make sure that there are three of them.

    A descriptor that was closed is taken by the first file that is opened, which then gets what was meant
    for a terminal. Here it is taken by a stream that refuses to be written, so that a closed stdout is an
    error like a full one.
    """
    for number, mode in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_RDONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, mode)  # takes the lowest number that is free, which is this one
    # Only a stream without a file, such as a notebook's or a test's, has no descriptor of its own.
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    codecs.register_error("evo", _encode_anyway)
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="evo")


def put(text: str) -> None:
    """Print a result.

    On a terminal nothing in it but colours has any effect; a pipe gets every character as it is. That the
    reader has left, as `head` does, is no failure.

    Raises:
        EvoError: stdout is closed, or what is behind it is full.

    """
    try:
        write(sys.stdout, text)
    except BrokenPipeError:
        discard_stdout()
    except OSError as error:
        discard_stdout()
        raise EvoError(f"cannot write to stdout: {error.strerror}") from None


def tell(message: str, *details: str) -> None:
    """Say something on stderr, in a line, and each detail in an indented one below it, if anybody listens."""
    lines = [f"evo: {shown(shortened(message))}", *(f"  {shown(shortened(one))}" for one in details)]
    with suppress(OSError, ValueError):
        write(sys.stderr, "".join(f"{line}\n" for line in lines))


def write(out: TextIO, text: str) -> None:
    """Write and flush; on a terminal nothing in `text` but colours has any effect."""
    out.write(guarded(text) if out.isatty() else text)
    out.flush()


@contextmanager
def unheard() -> Iterator[None]:
    """What is shown inside may reach nobody: work that goes on for hours is not ended by that."""
    try:
        yield
    except BrokenPipeError:
        discard_stdout()  # whoever watched has seen enough
    except OSError as error:
        discard_stdout()
        tell(f"warning: cannot write to stdout: {error.strerror}; the work goes on")


def discard_stdout() -> None:
    """Send the rest of stdout nowhere.

    The descriptor itself is redirected, because Python writes what it still holds once more at exit.
    """
    with suppress(OSError, ValueError):  # without a descriptor left, every later line fails by itself
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def flush_all() -> None:
    """Write what the streams still hold, as far as somebody takes it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()


def _encode_anyway(error: UnicodeError) -> tuple[str | bytes, int]:
    """What stands for a character that the stream's encoding lacks: its number, `?` for a piece of a picture.

    The bytes of a name that is not UTF-8 go out as they came in.
    """
    assert isinstance(error, UnicodeEncodeError)
    character = error.object[error.start]
    code, after = ord(character), error.start + 1
    if code in _RAW_BYTES:
        return bytes([code - 0xDC00]), after
    return "?" if code in _PICTURES else character.encode("ascii", "backslashreplace").decode(), after
