"""What a step of softmax takes at the least."""

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.cost import Cost


def cost(model: str, config: RunConfig) -> Cost:  # noqa: ARG001 - there is one model
    """The product of x and w, that of x and the outputs' derivative; exponentials, logarithms, the update."""
    D_in, D_out = config.options["D_in"], config.options["D_out"]
    parameters = D_in * D_out + D_out
    moved = D_in + D_out + 2 * parameters
    others = 12.0 * D_out + 2.0 * parameters
    return Cost(4.0 * D_in * D_out, others, moved, held=moved + 8 * D_out, drawn=moved)
