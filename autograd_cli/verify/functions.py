"""The autograd Functions that a level applies, against torch's own gradcheck."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from autograd_cli.contract.level import Level

# torch's own default would let a derivative pass that is a thousandth off.
_RTOL, _ATOL = 1e-6, 1e-8


@dataclass(frozen=True)
class FunctionCheck:
    """A `torch.autograd.Function` at the inputs that the level gave it.

    Attributes:
        first: torch's complaint of its first derivatives in one line; None if they are right.
        second: the same of its second derivatives, of which training makes no use.

    """

    first: str | None
    second: str | None


def check_functions(make: Callable[[], Level]) -> dict[str, FunctionCheck]:
    """Check every Function that a level's first forward() applies, by its class's name.

    What it is applied to is what it is checked with: the same inputs, in float64, so that neither a kink
        at zero nor a fixed width is met that the level does not meet. A Function that the level never
        applies is not looked at.

    Args:
        make: makes the level, of few numbers and in float64, at its start.

    """
    torch = sys.modules.get("torch")
    if torch is None:
        return {}
    loss = make().forward()
    applied = list(_applied(loss)) if hasattr(loss, "grad_fn") else []
    inputs: dict[Any, tuple[Any, ...]] = {}
    with _recording(applied, inputs):
        make().forward()
    return {
        function.__name__: FunctionCheck(
            _check(torch.autograd.gradcheck, torch, function, inputs[function]),
            _check(torch.autograd.gradgradcheck, torch, function, inputs[function]),
        )
        for function in applied
        if function in inputs
    }


def _applied(loss: Any) -> Iterator[Any]:
    """The classes of the graph's nodes that are custom Functions, each once."""
    seen, found, waiting = set(), set(), [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        function = getattr(type(node), "_forward_cls", None)
        # What torch.compile puts into a graph is a Function, too, and none of the level's own.
        own = function is not None and not function.__module__.startswith("torch.")
        if own and function not in found:
            found.add(function)
            yield function
        waiting += [child for child, _ in node.next_functions]


@contextmanager
def _recording(functions: list[Any], inputs: dict[Any, tuple[Any, ...]]) -> Iterator[None]:
    """Keep the arguments of each Function's first forward()."""
    originals = {function: vars(function).get("forward") for function in functions}

    def wrapped(function: Any) -> Any:
        forward = function.forward
        has_context = "setup_context" not in vars(function)

        def record(*arguments: Any) -> Any:
            inputs.setdefault(function, arguments[1:] if has_context else arguments)
            return forward(*arguments)

        return staticmethod(record)

    for function in functions:
        function.forward = wrapped(function)
    try:
        yield
    finally:
        for function, original in originals.items():
            if original is None:
                del function.forward
            else:
                function.forward = original


def _check(check: Callable[..., object], torch: Any, function: Any, given: tuple[Any, ...]) -> str | None:
    def fresh(each: Any) -> Any:
        if not isinstance(each, torch.Tensor) or not each.is_floating_point():
            return each
        return each.detach().double().clone().requires_grad_()

    try:
        check(function.apply, tuple(map(fresh, given)), rtol=_RTOL, atol=_ATOL)
    except Exception as error:
        return " ".join(str(error).split())[:200]
    return None
