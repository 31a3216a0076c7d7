"""What is longer than the terminal, in the pager that its owner uses."""

import os
import shutil
import sys

from autograd_cli.display.streams import put
from autograd_cli.display.text import guarded


def page(text: str) -> None:
    """Print a result, on a terminal that it is too long for through $PAGER, or `less`.

    `PAGER=cat`, or an empty one, switches that off. Nothing in the text but colours has any effect.

    Raises:
        EvoError: as of `put`.

    """
    if not _is_too_long(text):
        put(text)
        return
    import shlex  # both take milliseconds, which a short table need not pay
    import subprocess

    words = shlex.split(os.environ.get("PAGER", "less"))
    if not words or shutil.which(words[0]) is None:
        put(text)
        return
    # Colours pass, long lines are not folded, and what was read stays on the screen.
    environment = {"LESS": "-RSX", **os.environ}
    try:
        subprocess.run(words, input=guarded(text).encode(errors="replace"), env=environment, check=False)  # noqa: S603
    except OSError:
        put(text)


def _is_too_long(text: str) -> bool:
    watched = sys.stdout.isatty() and sys.stdin.isatty() and os.environ.get("TERM") != "dumb"
    return watched and text.count("\n") >= shutil.get_terminal_size().lines
