"""What a command returns to the shell."""

import gc
from signal import Signals

from autograd_cli.errors import ExitCode
from autograd_cli.runs.record import Status

_CODES: dict[Status, ExitCode] = {
    "completed": ExitCode.DONE,
    "diverged": ExitCode.DIVERGED,
    "interrupted": ExitCode.INTERRUPTED,
}


def exit_code(status: Status, signal: Signals | None) -> int:
    """The code of a run that ended so; of one that a signal has ended, 128 and the signal's number."""
    if signal is not None and status == "interrupted":
        return 128 + signal
    return _CODES.get(status, ExitCode.FAILED)


def collect_from_here() -> None:
    """Switch the collector on, which `main` has switched off; what was made until now lives to the end."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
