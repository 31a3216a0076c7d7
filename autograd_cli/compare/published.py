"""The losses that the documents behind the levels print, and which of our configurations each belongs to."""

import csv
from functools import cache
from pathlib import Path

# The documents' systems, and the configuration of ours that trains the same; None for the task's defaults.
SYSTEMS: dict[str, str | None] = {"mlp_n64": None, "mlp_no_bias": "mlp_no_bias", "mlp_n100": "mlp_n100"}

# All of them train this task.
TASK = "mlp"

# That document's module takes its weights as arguments.
_OURS = {("mlp_n100", "module"): "functional"}

# How a program is marked whose gradient is wrong, which no level of ours repeats.
WRONG = " (wrong ReLU gradient)"


def our_level(system: str, implementation: str) -> str | None:
    """The level of ours that computes what a document's program does; None for one that is wrong."""
    if implementation.endswith(WRONG):
        return None
    return _OURS.get((system, implementation), implementation)


@cache
def published_losses() -> dict[tuple[str, str], dict[int, float]]:
    """Each printed curve, by system and implementation: loss by step."""
    curves: dict[tuple[str, str], dict[int, float]] = {}
    with Path(__file__).with_name("published_losses.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            program = row["system"], row["implementation"]
            curves.setdefault(program, {})[int(row["step"])] = float(row["loss"])
    return curves
