"""What is told of a warm process."""

from collections.abc import Mapping
from typing import Any


def told(state: Mapping[str, Any], what: str) -> str:
    """A line: what it is doing, which process it is, its memory and how long it took to import."""
    resident, share = (size / 1e6 for size in state["memory"])
    line = f"{what}: process {state['pid']}, {resident:.0f} MB of memory"
    if share < resident - 1:
        line += f" ({share:.0f} MB its share)"
    line += f", ready in {state['seconds']:.1f} s"
    if state.get("differs"):
        line += f"; not used from here: {state['differs']} differs"
    return f"{line}\n"
