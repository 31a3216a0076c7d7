"""How fast a step could be here: its arithmetic over a large product's rate, its memory over a copy's.

The larger of the two times is the floor, after the roofline model of Williams, Waterman and Patterson (2009).
No program that has to do the step's operations is faster, unless it finds a way around some of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograd_cli.bench.plan import Case
from autograd_cli.bench.work import RateWork
from autograd_cli.contract.config import RunConfig

# Arrays as small as a core's own cache are copied faster than large ones: a rate for each of these sizes.
_SIZES = (2**16, 2**20, 2**24, 2**26)


@dataclass(frozen=True)
class Floor:
    """What a step takes at the least.

    Attributes:
        operations: floating-point operations.
        bytes: that have to be read or written.
        seconds: the longer of the times that the two take.
        bound: which of them that is: `arithmetic` or `memory`.

    """

    operations: float
    bytes: float
    seconds: float
    bound: str


def rate_works(cases: Sequence[Case]) -> list[RateWork]:
    """What has to be timed beside the cases; the loop, which tells how the machine drifts, comes first."""
    works = [RateWork("loop")]
    for case in cases:
        config = case.config
        spec = case.cell.spec
        # A level on NumPy need not wait for torch; nobody knows what one of the user's own is on.
        on_torch = "cuda" in spec.devices and (config.device != "cpu" or not spec.takes_all)
        frameworks = ["numpy"] * (config.device == "cpu") + ["torch"] * on_torch
        for framework in frameworks:
            own = RateWork("product", framework, config.dtype, config.threads, config.device)
            works.append(own)
        if case.cell.cost(config) is not None:
            framework = "torch" if config.device != "cpu" else "numpy"
            size = _size_of(case)
            works.append(RateWork("copy", framework, "float32", 1, config.device, size))
    return list(dict.fromkeys(works))


def floor_of(case: Case, rates: Mapping[RateWork, float]) -> Floor | None:
    """The floor of a case; None where its task does not tell its cost, or nothing could be timed.

    Args:
        case: the level and its settings.
        rates: what was timed, in operations or bytes a second.

    """
    config = case.config
    cost = case.cell.cost(config)
    products = [rate for work, rate in rates.items() if _multiplies_for(work, config)]
    size = _size_of(case)
    copies = [
        rate
        for work, rate in rates.items()
        if work.kind == "copy" and (work.size, work.device) == (size, config.device)
    ]
    if cost is None or not products or not copies:
        return None
    moved = float(cost.moved * (8 if config.dtype == "float64" else 4))
    arithmetic_s, memory_s = cost.operations / max(products), moved / max(copies)
    bound = "arithmetic" if arithmetic_s >= memory_s else "memory"
    return Floor(cost.operations, moved, max(arithmetic_s, memory_s), bound)


def _multiplies_for(work: RateWork, config: RunConfig) -> bool:
    same = (config.dtype, config.threads, config.device)
    return work.kind == "product" and (work.dtype, work.threads, work.device) == same


def _size_of(case: Case) -> int:
    """The size of the copy that stands for the step's arrays."""
    cost = case.cell.cost(case.config)
    held = 0 if cost is None else cost.held * (8 if case.config.dtype == "float64" else 4)
    return next((size for size in _SIZES if held <= size), _SIZES[-1])
