"""The graph that autograd built in a forward pass, walked from the loss's grad_fn back to the parameters."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from autograd_cli.catalogue.cell import Cell
from autograd_cli.contract.config import RunConfig
from autograd_cli.errors import EvoError
from autograd_cli.training.threads import set_threads


@dataclass
class Node:
    """One operation of the backward pass.

    Attributes:
        id: a number that no other node of the graph has; the loss's is 0.
        name: torch's name of the operation, such as `MmBackward0`.
        shape: the shape of the forward operation's output; None if torch does not tell.
        parameters: names of the parameters that this leaf accumulates gradients for; empty for inner nodes.
        saved: what the forward pass kept for the way back: name and shape.
        inputs: the nodes that gradients go on to.
    """

    id: int
    name: str
    shape: tuple[int, ...] | None
    parameters: tuple[str, ...] = ()
    saved: dict[str, tuple[int, ...]] = field(default_factory=dict)
    inputs: list["Node"] = field(default_factory=list)

    @property
    def label(self) -> str:
        """What the node is, in one line: `MmBackward0 (64, 10)`, `w1 (1000, 100)`."""
        name = ", ".join(self.parameters) + " (leaf)" if self.parameters else self.name
        return name if self.shape is None else f"{name} {self.shape}"

    @property
    def saved_label(self) -> str:
        """What was kept for the way back, in one line; empty if nothing was."""
        return ", ".join(f"{name} {shape}" for name, shape in self.saved.items())

    def walk(self) -> Iterator["Node"]:
        """The node and all behind it, each once."""
        seen: set[int] = set()
        waiting = [self]
        while waiting:
            node = waiting.pop()
            if node.id not in seen:
                seen.add(node.id)
                yield node
                waiting.extend(reversed(node.inputs))


@dataclass(frozen=True)
class Accumulation:
    """The gradient of one parameter through two backward passes of one graph.

    Attributes:
        name: the parameter.
        once: the largest absolute entry of .grad after one backward().
        twice: the same after a second backward(), with nothing cleared between.
        cleared: whether .grad is gone after zeroing.
    """

    name: str
    once: float
    twice: float
    cleared: bool


def read_graph(cell: Cell, config: RunConfig) -> Node:
    """The graph of one forward pass at the start.

    Raises:
        NoGraphError: the level writes its gradients by hand.
    """
    level, loss = _forward(cell, config)
    named = _leaves(level.parameters)
    return _read(loss.grad_fn, named)


def read_accumulation(cell: Cell, config: RunConfig) -> list[Accumulation]:
    """What a second backward() through a retained graph does to each parameter's .grad.

    Raises:
        NoGraphError: the level writes its gradients by hand.
    """
    level, loss = _forward(cell, config)
    leaves = [fn.variable for fn in _functions(loss.grad_fn) if hasattr(fn, "variable")]
    names = [", ".join(_names_of(leaf, _leaves(level.parameters))) for leaf in leaves]
    loss.backward(retain_graph=True)
    once = [float(leaf.grad.abs().max()) for leaf in leaves]
    loss.backward()
    twice = [float(leaf.grad.abs().max()) for leaf in leaves]
    for leaf in leaves:
        leaf.grad = None
    rows = zip(names, once, twice, leaves, strict=True)
    return [Accumulation(name, first, second, leaf.grad is None) for name, first, second, leaf in rows]


class NoGraphError(EvoError):
    """The level leaves no graph behind, because its gradients are written by hand."""


def _forward(cell: Cell, config: RunConfig) -> tuple[Any, Any]:
    set_threads(config.threads)
    level = cell.make(config)
    try:
        loss = level.forward()
    except Exception as error:
        if not cell.is_outside:
            raise
        raise EvoError(cell.blame(error)) from error
    if getattr(loss, "grad_fn", None) is None:
        kind = (
            "no tensor of it requires gradients" if hasattr(loss, "requires_grad") else "it uses no tensors"
        )
        raise NoGraphError(
            f"{config.task}/{config.impl} has no graph: {kind}, and its backward() is written by hand"
        )
    return level, loss


def _functions(grad_fn: Any) -> list[Any]:
    """Every torch node from `grad_fn` back to the leaves, each once, in depth-first order."""
    found: dict[Any, None] = {}
    waiting = [grad_fn]
    while waiting:
        fn = waiting.pop()
        if fn not in found:
            found[fn] = None
            waiting.extend(reversed(_next(fn)))
    return list(found)


def _next(fn: Any) -> list[Any]:
    return [behind for behind, _ in fn.next_functions if behind is not None]


def _read(grad_fn: Any, named: Mapping[str, tuple[int, int]]) -> Node:
    """The node of `grad_fn` and all behind it; one object a node, also where several paths meet."""
    nodes: dict[Any, Node] = {}
    for i, fn in enumerate(_functions(grad_fn)):
        if hasattr(fn, "variable"):
            nodes[fn] = Node(i, fn.name(), tuple(fn.variable.shape), _names_of(fn.variable, named))
        else:
            nodes[fn] = Node(i, fn.name(), _output_shape(fn), saved=_saved(fn))
    for fn, node in nodes.items():
        node.inputs = [nodes[behind] for behind in _next(fn)]
    return nodes[grad_fn]


def _output_shape(fn: Any) -> tuple[int, ...] | None:
    """The shape of what flows into the node backwards, which is that of its forward output."""
    metadata = getattr(fn, "_input_metadata", None)
    return tuple(int(n) for n in metadata[0].shape) if metadata else None


def _saved(fn: Any) -> dict[str, tuple[int, ...]]:
    """Tensors that the forward pass kept: torch's `_saved_…`, or a Function's own `saved_tensors`."""
    saved: dict[str, tuple[int, ...]] = {}
    for attribute in dir(fn):
        if attribute.startswith("_saved_"):
            value = getattr(fn, attribute)
            if hasattr(value, "shape"):
                saved[attribute.removeprefix("_saved_")] = tuple(value.shape)
    for i, tensor in enumerate(getattr(fn, "saved_tensors", ())):
        saved[f"tensor {i}"] = tuple(tensor.shape)
    return saved


def _leaves(parameters: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Where in memory each parameter begins and ends: a level may show views of what it trains."""
    return {name: _extent(p) for name, p in parameters.items()}


def _names_of(variable: Any, named: Mapping[str, tuple[int, int]]) -> tuple[str, ...]:
    begin, end = _extent(variable)
    return tuple(name for name, (first, last) in named.items() if begin <= first and last <= end)


def _extent(tensor: Any) -> tuple[int, int]:
    begin: int = tensor.data_ptr()
    return begin, begin + prod(tensor.shape) * tensor.element_size()
