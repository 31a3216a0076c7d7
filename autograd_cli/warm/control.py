"""Starting, asking and stopping a warm process."""

import os
import sys
from typing import Any

from autograd_cli.errors import EvoError
from autograd_cli.warm import client, place, server, wire
from autograd_cli.warm.identity import identity, read_status

# Counting its memory takes a moment.
_PATIENCE_S = 5.0


def start(plan: server.Plan) -> tuple[dict[str, Any], bool]:
    """The warm process, and whether it is new; one that would not serve this command is replaced.

    Raises:
        EvoError: it cannot be had on this system, or could not be started.

    """
    if sys.platform != "linux":
        raise EvoError(
            "a warm process forks, which the frameworks of this system do not survive: only on Linux"
        )
    state = ask("status")
    if state is not None and not state["differs"]:
        return state, False
    if state is not None:
        ask("stop")
    return server.start(plan), True


def ask(what: str) -> dict[str, Any] | None:
    """What the warm process tells when it is asked for its `status`, or to `stop`; None if there is none.

    `differs` is why it would not serve this process: None if it would.
    """
    folder = place.find() if sys.platform == "linux" else None
    if folder is None:
        return None
    try:
        connection = client.connect(folder)
        if connection is None:
            return None
        with connection:
            connection.settimeout(_PATIENCE_S)
            wire.exactly(connection, len(wire.HERE))
            wire.send(connection, {"ask": what, "identity": identity(os.environ, read_status())})
            state, _ = wire.receive(connection)
    except (OSError, ValueError):
        return None
    else:
        return dict(state)
    finally:
        os.close(folder)
