"""What a step takes at the least, told from the shapes alone."""

from collections.abc import Callable
from dataclasses import dataclass

from autograd_cli.contract.config import RunConfig


@dataclass(frozen=True)
class Cost:
    """The arithmetic and the memory of one step of a model, whatever program does it.

    Attributes:
        products: floating-point operations in matrix products; to multiply and to add are two.
        others: floating-point operations on single numbers.
        moved: numbers that have to be read or written, each once: the data, and the parameters both ways.
        held: numbers in arrays that live at once: data, parameters, gradients, and what backward() needs.
        drawn: numbers of the problem itself, which are float64 whatever the level's dtype.

    """

    products: float
    others: float
    moved: int
    held: int
    drawn: int

    @property
    def operations(self) -> float:
        """All floating-point operations."""
        return self.products + self.others


# A task's `cost.py`: a model's name and the settings in, a step's cost out; it imports no framework.
CostOf = Callable[[str, RunConfig], Cost]
