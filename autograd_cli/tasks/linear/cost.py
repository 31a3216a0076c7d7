"""What a step of linear takes at the least."""

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.cost import Cost


def cost(model: str, config: RunConfig) -> Cost:  # noqa: ARG001 - there is one model
    """Of a column (N, 1): the product x w and that of xᵀ and the error; the rest point by point."""
    N = config.options["N"]
    return Cost(4.0 * N, 6.0 * N + 4, moved=2 * N + 4, held=6 * N, drawn=2 * N + 2)
