"""What a practised user of JAX would write for many runs at once: jit of a scan of a vmapped step, float32.

    python benchmarks/jax_peer.py sin|mlp RUNS

Draws a problem and a start for every seed, trains all runs and writes their losses and weights as two arrays.
On stdout: the largest last loss, the seconds that compiling takes, and those of a second, compiled call.
"""

import os
import sys
import tempfile
import time
from functools import partial
from typing import Any

import numpy as np

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp


def sin_loss(theta: jax.Array, powers: jax.Array, y: jax.Array) -> jax.Array:
    """Σ (a + b x + c x² + d x³ - y)², with the powers of x made once, for all runs."""
    return jnp.square(theta @ powers - y).sum()


def mlp_loss(weights: tuple[jax.Array, jax.Array], x: jax.Array, y: jax.Array) -> jax.Array:
    """Σ (relu(x w1) w2 - y)²."""
    w1, w2 = weights
    return jnp.square(jax.nn.relu(x @ w1) @ w2 - y).sum()


@partial(jax.jit, static_argnums=(0, 4))
def train(loss: Any, parameters: Any, data: Any, lr: Any, steps: int) -> tuple[Any, Any]:
    """Losses (steps, R) and the last parameters of R runs that are trained by gradient descent."""
    is_own = 0 if loss is mlp_loss else None  # whether each run has data of its own
    gradient = jax.vmap(jax.value_and_grad(loss), in_axes=(0, is_own, is_own))

    def step(parameters: Any, _: None) -> tuple[Any, Any]:
        losses, grads = gradient(parameters, *data)
        rates = jax.tree.map(lambda g: lr.reshape(-1, *[1] * (g.ndim - 1)), grads)
        return jax.tree.map(lambda p, rate, g: p - rate * g, parameters, rates, grads), losses

    last, losses = jax.lax.scan(step, parameters, length=steps)
    return losses, last


def main() -> None:
    """Train, write, and say how long it took."""
    task, runs = sys.argv[1], int(sys.argv[2])
    draws = [np.random.default_rng(seed) for seed in range(runs)]
    loss: Any
    data: Any
    start: Any
    if task == "sin":
        x = np.linspace(-np.pi, np.pi, 2000)
        data = np.stack([x**0, x, x**2, x**3]), np.sin(x)
        start = np.array([draw.standard_normal(4) for draw in draws])
        loss, steps, lr = sin_loss, 2000, np.geomspace(1e-7, 1e-6, runs)
    else:
        data = tuple(np.array([draw.standard_normal((64, width)) for draw in draws]) for width in (1000, 10))
        start = tuple(
            np.array([draw.standard_normal(shape) for draw in draws]) for shape in ((1000, 100), (100, 10))
        )
        loss, steps, lr = mlp_loss, 500, np.full(runs, 1e-6)
    data, start = jax.device_put((data, start))
    times = []
    for _ in range(1 if "--once" in sys.argv else 2):
        begin = time.perf_counter()
        losses, last = jax.block_until_ready(train(loss, start, data, jnp.asarray(lr), steps))
        times.append(time.perf_counter() - begin)
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/runs.npz", losses, *jax.tree.leaves(last))
    print(float(losses[-1].max()), *times)


if __name__ == "__main__":
    main()
