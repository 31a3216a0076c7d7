"""The command line as a whole process runs it, from `sys.argv` to an exit code."""

import gc
import signal

from autograd_cli.display.streams import prepare
from autograd_cli.errors import ExitCode
from autograd_cli.training.signals import Terminated, raise_terminated


def run() -> int:
    """Run the command line; its exit code.

    Raises:
        SystemExit: as somebody has raised it who does not speak in codes.

    """
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
        return end.code or 0
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Terminated:
        return ExitCode.TERMINATED
    return ExitCode.DONE
