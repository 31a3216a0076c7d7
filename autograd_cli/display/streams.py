"""What to do when nobody reads any more."""

import os
import sys


def discard_stdout() -> None:
    """Send the rest of stdout nowhere: its reader has left, as `head` does, and that is no failure.

    The descriptor itself is redirected, because Python writes what it still holds once more at exit.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
