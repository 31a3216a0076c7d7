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

Coefficients = dict[str, jax.Array]


def squared_errors(coefficients: Coefficients, x: jax.Array, y: jax.Array) -> jax.Array:
    """Σ (a + b x + c x² + d x³ - y)² with x (N,) and scalar coefficients."""
    a, b, c, d = (coefficients[name] for name in "abcd")
    return jnp.square(a + b * x + c * x**2 + d * x**3 - y).sum()


@jax.jit
def loss_and_pullback(coefficients: Coefficients, x: jax.Array, y: jax.Array):
    """The loss, and the function from its derivative, 1, to the coefficients' gradients."""
    return jax.vjp(lambda p: squared_errors(p, x, y), coefficients)


@jax.jit
def pull_back(pullback, derivative: jax.Array) -> Coefficients:
    """The gradients."""
    return pullback(derivative)[0]


@jax.jit
def moved(coefficients: Coefficients, gradients: Coefficients, lr: float) -> Coefficients:
    """The coefficients after a step of SGD."""
    return jax.tree.map(lambda p, g: p - lr * g, coefficients, gradients)


class Sin:
    """y_pred = a + b x + c x² + d x³, as three compiled functions."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        if config.dtype == "float64":  # the whole process's; arrays of float32 stay what they are
            jax.config.update("jax_enable_x64", True)
        array = partial(jnp.array, dtype=config.dtype)
        self.x, self.y = array(problem.x), array(problem.y)
        self.parameters = {name: array(problem.start[name]) for name in "abcd"}
        self.lr = config.lr

    def forward(self) -> jax.Array:
        loss, self.pullback = loss_and_pullback(self.parameters, self.x, self.y)
        return loss

    def backward(self, loss: jax.Array) -> None:
        self.gradients = pull_back(self.pullback, jnp.ones_like(loss))

    def update(self) -> None:
        self.parameters = moved(self.parameters, self.gradients, self.lr)
