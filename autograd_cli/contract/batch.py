"""The losses of consecutive steps, on their way from the loop to files and screens."""

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True, slots=True)
class Batch:
    """The losses of consecutive steps of one run.

    Attributes:
        first_step: the step of the first loss; steps count from 0.
        losses: a step's loss before its update.
        elapsed_s: seconds from the start of the loop until the step's loss was there.

    """

    first_step: int
    losses: list[float]
    elapsed_s: list[float]

    @property
    def diverged(self) -> bool:
        """Whether the last loss is not finite; no batch of the run comes after such a one."""
        return bool(self.losses) and not isfinite(self.losses[-1])

    def until_not_finite(self) -> "Batch":
        """The batch up to its first loss that is not finite, and the whole of it where there is none."""
        if all(map(isfinite, self.losses)):
            return self
        end = next(i + 1 for i, loss in enumerate(self.losses) if not isfinite(loss))
        return Batch(self.first_step, self.losses[:end], self.elapsed_s[:end])
