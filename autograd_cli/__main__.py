"""The command `evo`, also as `python -m autograd_cli`."""

import os
import sys

# Those that import torch, and so gain from a process that has.
_SERVED = ("train", "sweep", "verify", "graph")


def main() -> None:
    """Run the command line and leave with its exit code."""
    if sys.platform == "linux" and sys.argv[1:2] and sys.argv[1] in _SERVED:
        _hand_over()
    from autograd_cli.cli.process import run
    from autograd_cli.display.streams import flush_all

    code = run()
    # Runs and results are closed by now. Taking torch apart object by object would only give back, in a
    # tenth of a second and more, what the system takes back at once.
    flush_all()
    os._exit(code)


def _hand_over() -> None:
    """Let a warm process run the command, if there is one; see `evo warm`."""
    if os.environ.get("EVO_WARM") == "0":
        return
    from autograd_cli.warm.place import find

    folder = find()
    if folder is None:
        return
    from autograd_cli.warm.client import run_if_warm

    try:
        run_if_warm(folder)
    except KeyboardInterrupt:
        os._exit(130)


if __name__ == "__main__":
    main()
