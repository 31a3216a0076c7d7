"""Gradients against central differences, which know nothing of how they were derived."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from autograd_cli.contract.arrays import size_of, snapshot
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.level import LevelClass
from autograd_cli.contract.problem import Problem

Float64 = NDArray[np.float64]

# Central differences in float64 lose about half of the digits.
TOLERANCE = 1e-6
# Too long a step crosses a ReLU's kink or meets the next derivative, too short a one drowns in rounding.
# A right gradient agrees at one of these lengths (relative to the parameter's size), a wrong one at none.
STEPS = (1e-4, 1e-5, 1e-6)


@dataclass(frozen=True)
class GradientCheck:
    """The worst disagreement of a level's gradients with central differences.

    Attributes:
        difference: relative to the size of the gradient along the direction checked.
        worst: which parameter and direction it was.
    """

    difference: float
    worst: str


def check_gradients(
    level_class: LevelClass, problem: Problem, config: RunConfig, directions: int
) -> GradientCheck:
    """Compare (loss(p + h d) - loss(p - h d)) / 2h with gradient · d, at the start, in float64.

    d runs over as many random directions in the space of each parameter as `directions` says, over as many
    of its coordinates, and the steepest coordinate. Losses
    are those of fresh levels built on a moved start, so the check sees a level only through its protocol.
    """
    level = level_class(problem, config)
    level.backward(level.forward())
    gradients, parameters = snapshot(level.gradients), snapshot(level.parameters)

    def loss_at(name: str, value: Float64) -> float:
        moved = replace(problem, start=dict(problem.start) | {name: np.asarray(value)})
        return float(level_class(moved, config).forward().item())

    largest = max(map(size_of, gradients.values()))
    worst = GradientCheck(0.0, "no direction")
    for name, label, direction, spread in _directions(parameters, gradients, directions):
        expected = float(np.sum(gradients[name] * direction))
        scale = max(abs(expected), 1e-2 * size_of(gradients[name]), 1e-3 * largest) or 1.0
        size = float(np.sqrt(np.mean(parameters[name] ** 2))) or 1.0
        best = float("inf")
        for relative_h in STEPS:
            h = relative_h * size * spread
            slope = (
                loss_at(name, parameters[name] + h * direction)
                - loss_at(name, parameters[name] - h * direction)
            ) / (2 * h)
            best = min(best, abs(slope - expected) / scale)
            if best < 0.1 * TOLERANCE:
                break
        if best > worst.difference:
            worst = GradientCheck(best, f"gradient {name} along {label}")
    return worst


def _directions(
    parameters: Mapping[str, Float64], gradients: Mapping[str, Float64], count: int
) -> Iterator[tuple[str, str, Float64, float]]:
    """Parameter, description, direction of each slope to check; how many entries' sizes its length spans."""
    generator = np.random.default_rng(0)
    for name, parameter in parameters.items():
        for _ in range(count if parameter.size > 1 else 0):
            direction = generator.standard_normal(parameter.shape)
            yield (
                name,
                "a random direction",
                direction / np.linalg.norm(direction),
                float(np.sqrt(direction.size)),
            )
        # The steepest coordinate and some at random: a gradient that is wrong in one place is found there.
        flat = [
            int(np.argmax(np.abs(gradients[name]))),
            *generator.integers(parameter.size, size=count),
        ]
        for index in dict.fromkeys(map(int, flat)):
            direction = np.zeros(parameter.size)
            direction[index] = 1.0
            place = ",".join(map(str, np.unravel_index(index, parameter.shape)))
            yield name, f"coordinate [{place}]", direction.reshape(parameter.shape), 1.0
