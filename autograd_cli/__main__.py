"""The command `evo`, also as `python -m autograd_cli`."""

import gc
import signal
import sys

from autograd_cli.errors import ExitCode
from autograd_cli.interruption import Terminated, raise_terminated


def main() -> None:
    """Run the command line and leave with its exit code."""
    # Importing torch makes a million objects that all stay: a collector that looks for garbage among them
    # takes a third of the time of a short run, at start and again at exit. Training switches it back on.
    gc.disable()
    signal.signal(signal.SIGTERM, raise_terminated)
    try:
        from autograd_cli.cli import app  # noqa: PLC0415 - so that a signal during the import is caught, too

        app(prog_name="evo")
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except Terminated:
        sys.exit(ExitCode.TERMINATED)
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
