"""What a step of sin takes at the least."""

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.cost import Cost

# Per point: the polynomial by Horner's rule, the squared error and its sum, and for each coefficient its
# factor times the error's derivative, and the sum of that. `dynamic` has one term more in the mean.
_OPERATIONS = {"cubic": 6 + 4 + 9, "legendre": 9 + 4 + 13, "dynamic": 8 + 4 + 12}


def cost(model: str, config: RunConfig) -> Cost:
    """Operations on single numbers, point by point; no matrix product."""
    N = config.options["N"]
    parameters = 5 if model == "dynamic" else 4
    moved = 2 * N + 2 * parameters
    return Cost(0.0, float(_OPERATIONS[model] * N + 2 * parameters), moved, held=8 * N, drawn=2 * N + 5)
