"""Level 13, jax: `autograd` on arrays that nothing changes, by functions that XLA compiles and derives.

Each verb is a function of its arguments alone, compiled by jit at its first call. jax.vjp gives a function's
value and, as a second one, the function that takes the derivative of the loss back to the parameters: what
torch keeps in a graph is an ordinary value here, that forward() hands to backward(). Whoever needs no verbs
goes one step further, and has jax.lax.scan compile all steps into one loop; then only losses come out of it.
"""

from functools import partial

import jax
import jax.numpy as jnp

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem

Weights = dict[str, jax.Array]


def squared_errors(weights: Weights, x: jax.Array, y: jax.Array) -> jax.Array:
    """Σ (relu(x w1) w2 - y)² with x (N, D_in), w1 (D_in, H), w2 (H, D_out)."""
    h_relu = jax.nn.relu(x @ weights["w1"])
    return jnp.square(h_relu @ weights["w2"] - y).sum()


@jax.jit
def loss_and_pullback(weights: Weights, x: jax.Array, y: jax.Array):
    """The loss, and the function from its derivative, 1, to the weights' gradients."""
    return jax.vjp(lambda w: squared_errors(w, x, y), weights)


@jax.jit
def pull_back(pullback, derivative: jax.Array) -> Weights:
    """The gradients."""
    return pullback(derivative)[0]


@jax.jit
def moved(weights: Weights, gradients: Weights, lr: float) -> Weights:
    """The weights after a step of SGD."""
    return jax.tree.map(lambda w, g: w - lr * g, weights, gradients)


class Mlp:
    """y_pred = relu(x w1) w2, as three compiled functions."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        if config.dtype == "float64":  # the whole process's; arrays of float32 stay what they are
            jax.config.update("jax_enable_x64", True)
        array = partial(jnp.array, dtype=config.dtype)
        self.x, self.y = array(problem.x), array(problem.y)
        self.parameters = {name: array(problem.start[name]) for name in ("w1", "w2")}
        self.lr = config.lr

    def forward(self) -> jax.Array:
        loss, self.pullback = loss_and_pullback(self.parameters, self.x, self.y)
        return loss

    def backward(self, loss: jax.Array) -> None:
        self.gradients = pull_back(self.pullback, jnp.ones_like(loss))

    def update(self) -> None:
        self.parameters = moved(self.parameters, self.gradients, self.lr)
