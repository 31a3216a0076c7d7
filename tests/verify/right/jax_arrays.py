"""In JAX, whose transformations take functions; it need not be installed."""

from functools import partial
from importlib import import_module
from typing import Any

from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem


class Jax:
    """Mlp by jax.value_and_grad, compiled."""

    def __init__(self, problem: Problem, config: RunConfig) -> None:
        jax: Any = import_module("jax")
        jax.config.update("jax_enable_x64", True)  # or float64 is float32
        array = partial(jax.numpy.asarray, dtype=config.dtype)
        x, y = array(problem.x), array(problem.y)

        def loss(parameters: dict[str, Any]) -> Any:
            h_relu = jax.nn.relu(x @ parameters["w1"])
            return jax.numpy.square(h_relu @ parameters["w2"] - y).sum()

        self.both = jax.jit(jax.value_and_grad(loss))
        self.parameters = {name: array(problem.start[name]) for name in ("w1", "w2")}
        self.gradients = {name: 0 * p for name, p in self.parameters.items()}
        self.lr = config.lr

    def forward(self) -> Any:
        loss, self.found = self.both(self.parameters)
        return loss

    def backward(self, loss: Any) -> None:
        self.gradients = self.found

    def update(self) -> None:
        self.parameters = {n: p - self.lr * self.gradients[n] for n, p in self.parameters.items()}
