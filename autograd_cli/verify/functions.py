"""Custom autograd Functions against torch's own gradcheck, first and second order."""

import sys
from inspect import signature
from typing import Any

from autograd_cli.contract.level import LevelClass

_SHAPE = (3, 4)
# torch's own default would let a derivative pass that is a thousandth off.
_RTOL, _ATOL = 1e-6, 1e-8


def check_functions(level_class: LevelClass, device: str = "cpu") -> dict[str, str | None]:
    """Check every `torch.autograd.Function` of one input that the level's module defines.

    Inputs are random, on `device`, in float64, and at least 0.1 away from zero, where a kink may be. The
    result is None for a Function whose derivatives are right, and otherwise torch's complaint in one line.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return {}
    module = sys.modules[level_class.__module__]
    functions = {
        name: thing
        for name, thing in vars(module).items()
        if isinstance(thing, type)
        and issubclass(thing, torch.autograd.Function)
        and thing.__module__ == module.__name__
        and _inputs(thing) == 1
    }
    return {name: _check(torch, function, device) for name, function in functions.items()}


def _inputs(function: Any) -> int:
    """How many inputs a Function takes; with a setup_context() of its own, forward() takes no ctx."""
    separate = "setup_context" in vars(function)
    return len(signature(function.forward).parameters) - (not separate)


def _check(torch: Any, function: Any, device: str) -> str | None:
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(_SHAPE, generator=generator, dtype=torch.float64)
    z = (z + 0.1 * z.sign()).to(device).requires_grad_()
    for order, check in (("first", torch.autograd.gradcheck), ("second", torch.autograd.gradgradcheck)):
        try:
            check(function.apply, (z,), rtol=_RTOL, atol=_ATOL)
        except Exception as error:
            return f"derivatives of {order} order: {' '.join(str(error).split())[:200]}"
    return None
