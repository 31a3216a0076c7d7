"""What a step of mlp takes at the least."""

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.cost import Cost

_MEAN_DEPTH = 1.5  # of the level `dynamic`, which draws 0, 1, 2 or 3


def cost(model: str, config: RunConfig) -> Cost:
    """A product forward and two back for each layer, less the first layer's one for x, which is not trained.

    The rest, per number: relu and its mask, the squared error and its derivative, biases, the update.
    """
    N, D_in, H, D_out, bias = (config.options[name] for name in ("N", "D_in", "H", "D_out", "bias"))
    depth = _MEAN_DEPTH if model == "dynamic" else 0.0
    middle = H * H if model == "dynamic" else 0
    biases = (H + D_out + (H if model == "dynamic" else 0)) if bias else 0
    parameters = D_in * H + middle + H * D_out + biases
    products = 4.0 * N * D_in * H + 6.0 * depth * N * H * H + 6.0 * N * H * D_out
    others = 2.0 * (1 + depth) * N * H + 4.0 * N * D_out + 2.0 * parameters
    if bias:
        others += 2.0 * ((1 + depth) * N * H + N * D_out)
    data = N * (D_in + D_out)
    return Cost(
        products,
        others,
        moved=data + 2 * parameters,
        held=data + 2 * parameters + int(4 * (1 + depth) * N * H) + 3 * N * D_out,
        drawn=data + D_in * H + H * D_out + H + D_out + H * H + H,
    )
