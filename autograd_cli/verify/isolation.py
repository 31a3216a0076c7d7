"""What one level switches on in NumPy and torch, kept from the next."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np

from autograd_cli.catalogue.cell import Cell

# torch's own switches: how each is read, and how it is set.
_SWITCHES = {
    "get_default_dtype": "set_default_dtype",
    "get_default_device": "set_default_device",
    "is_grad_enabled": "set_grad_enabled",
    "are_deterministic_algorithms_enabled": "use_deterministic_algorithms",
    "get_float32_matmul_precision": "set_float32_matmul_precision",
    "get_rng_state": "set_rng_state",
}


class Isolation:
    """Each file's global settings for its own levels, and nobody else's.

    A file that sets torch's default dtype as it is imported trains with it; the level after it does not. The
    number of threads is not among the settings: verify sets it for each run.
    """

    _own: ClassVar[dict[str, dict[str, Any]]] = {}  # of this process, in which a file is imported once

    def load(self, cell: Cell) -> None:
        """Import a level's class, and remember what its file has switched.

        Raises:
            ConfigError: it cannot be imported.

        """
        with _undone():
            module = str(cell.level_class.__module__)
            self._own.setdefault(module, _state())

    @contextmanager
    def of(self, cell: Cell) -> Iterator[None]:
        """The settings in which the level trains; whatever is switched inside is switched back."""
        with _undone():
            _restore(self._own.get(str(cell.level_class.__module__), {}))
            yield


@contextmanager
def _undone() -> Iterator[None]:
    numpy_errors, numpy_draws = np.geterr(), np.random.get_state()
    before = _state()
    try:
        yield
    finally:
        np.seterr(**numpy_errors)
        np.random.set_state(numpy_draws)
        _restore(before or _as_imported())


def _state() -> dict[str, Any]:
    torch: Any = sys.modules.get("torch")
    return {} if torch is None else {getter: getattr(torch, getter)() for getter in _SWITCHES}


def _as_imported() -> dict[str, Any]:
    torch: Any = sys.modules.get("torch")
    if torch is None:
        return {}
    return {
        "get_default_dtype": torch.float32,
        "get_default_device": torch.device("cpu"),
        "is_grad_enabled": True,
        "are_deterministic_algorithms_enabled": False,
        "get_float32_matmul_precision": "highest",
    }


def _restore(state: dict[str, Any]) -> None:
    torch: Any = sys.modules.get("torch")
    for getter, value in state.items():
        now = getattr(torch, getter)()
        if not (torch.equal(now, value) if isinstance(value, torch.Tensor) else now == value):
            getattr(torch, _SWITCHES[getter])(value)
