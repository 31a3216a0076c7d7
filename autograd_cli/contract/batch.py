"""The losses of consecutive steps, on their way from the loop to files and screens."""

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True, slots=True)
class Batch:
    """The losses of consecutive steps.

    Attributes:
        first_step: the step of the first loss; steps count from 0.
        losses: a step's loss before its update. Only the last can be infinite or NaN.
        elapsed_s: seconds from the start of the loop until the step's loss was there.

    """

    first_step: int
    losses: list[float]
    elapsed_s: list[float]

    @property
    def diverged(self) -> bool:
        """Whether the last loss is not finite; no batch comes after such a one."""
        return bool(self.losses) and not isfinite(self.losses[-1])
