"""Data and start of a training problem, drawn once for all levels."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

_CHOICES_PER_DRAW = 1024


@dataclass(frozen=True)
class Problem:
    """What every level of a task starts from. Levels cast and move these arrays; they never draw.

    Attributes:
        x: inputs, float64.
        y: targets, float64.
        start: the starting value of every parameter that some level of the task has, float64.
        control: seeds the control flow of levels that draw some.

    """

    x: Float64
    y: Float64
    start: Mapping[str, Float64]
    control: np.random.SeedSequence

    def choices(self, n: int) -> Iterator[int]:
        """Endless uniform draws from 0, …, n-1; each call starts the same stream again."""
        generator = np.random.default_rng(self.control)
        while True:
            # In blocks: one call a draw would cost as much as a small forward pass.
            yield from generator.integers(n, size=_CHOICES_PER_DRAW).tolist()


@dataclass(frozen=True)
class ModelSignature:
    """What a model takes, known from its configuration before any array is made.

    Attributes:
        inputs: numbers in one input.
        parameters: the shape of every parameter, by name.
        paths: how many paths forward() chooses from by `Problem.choices`; 1 where there is no choice.

    """

    inputs: int
    parameters: Mapping[str, tuple[int, ...]]
    paths: int = 1


@dataclass(frozen=True)
class Streams:
    """Three independent streams of random numbers, so that more data never changes the start."""

    data: np.random.Generator
    start: np.random.Generator
    control: np.random.SeedSequence

    @classmethod
    def of(cls, seed: int) -> "Streams":
        """The streams of `seed`."""
        data, start, control = np.random.SeedSequence(seed).spawn(3)
        return cls(np.random.default_rng(data), np.random.default_rng(start), control)
