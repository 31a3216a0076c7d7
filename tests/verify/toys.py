"""Programs of a few numbers, whose differences can be told in one's head."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np


class Toy:
    """Half the sum of squares of `a` and `b`: each gradient is the parameter itself, and a step halves it."""

    def __init__(self, *_given: object, **arrays: Any) -> None:
        start = arrays or {"a": [2.0, -4.0], "b": [1e-6]}
        self.parameters: dict[str, Any] = {name: np.array(value, float) for name, value in start.items()}
        self.gradients: dict[str, Any] = {}
        self.count = -1

    def forward(self) -> Any:
        """The loss, 10 at first."""
        self.count += 1
        return np.float64(sum((p**2).sum() for p in self.parameters.values()) / 2)

    def backward(self, loss: Any) -> None:  # noqa: ARG002 - the protocol's signature
        """The parameters."""
        self.gradients = {name: p.copy() for name, p in self.parameters.items()}

    def update(self) -> None:
        """Half of each."""
        self.parameters = {name: p - 0.5 * self.gradients[name] for name, p in self.parameters.items()}


class Off(Toy):
    """A toy with something done after one verb of one step, or of every step."""

    def __init__(
        self,
        verb: str,
        change: Callable[[Any], Any],
        at: int | None = None,
        name: str = "a",
        start: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(**(start or {}))
        self.verb, self.change, self.at, self.name = verb, change, at, name

    def _apply(self, verb: str, of: dict[str, Any]) -> None:
        if verb == self.verb and self.at in (None, self.count):
            of[self.name] = self.change(of[self.name])

    def forward(self) -> Any:
        """The loss, perhaps another."""
        loss = {self.name: super().forward()}
        self._apply("loss", loss)
        self._apply("forward", self.parameters)
        return loss[self.name]

    def backward(self, loss: Any) -> None:
        """The gradients, perhaps others."""
        super().backward(loss)
        self._apply("gradient", self.gradients)
        self._apply("backward", self.parameters)

    def update(self) -> None:
        """The step, perhaps another."""
        super().update()
        self._apply("parameter", self.parameters)
