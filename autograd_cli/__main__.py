"""The command `evo`, also as `python -m autograd_cli`."""

import gc
import os
import signal

from autograd_cli.display.streams import flush_all, prepare
from autograd_cli.errors import ExitCode
from autograd_cli.training.signals import Terminated, raise_terminated


def main() -> None:
    """Run the command line and leave with its exit code."""
    # Importing torch makes a million objects that all stay: a collector that looks for garbage among them
    # takes a third of the time of a short run. Training switches it back on.
    gc.disable()
    signal.signal(signal.SIGTERM, raise_terminated)
    prepare()
    try:
        from autograd_cli.cli.app import app  # so that a signal during the import is caught, too

        app(prog_name="evo")
    except SystemExit as end:
        if not isinstance(end.code, int | None):
            raise
        _leave(end.code or 0)
    except KeyboardInterrupt:
        _leave(ExitCode.INTERRUPTED)
    except Terminated:
        _leave(ExitCode.TERMINATED)


def _leave(code: int) -> None:
    """End the process here and now, with everything written.

    Runs and results are closed by now. Taking torch apart object by object would only give back, in a
    tenth of a second and more, what the system takes back at once.
    """
    flush_all()
    os._exit(code)


if __name__ == "__main__":
    main()
