"""The NumPy program that a level is held against: a model's forward and backward, and its rule of update."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_cli.catalogue.cell import Cell
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.problem import Problem
from autograd_cli.verify.rules import Rule, rule_of


class Reference:
    """A program with the verbs of a level.

    A task without programs of its own is held against its lowest level, which has its own rule.

    Attributes:
        program: the model's forward() and backward(), and what they keep.
        rule: what update() does; None where the program has an update() of its own.

    """

    def __init__(self, program: Any, rule: Rule | None) -> None:
        self.program, self.rule = program, rule

    def forward(self) -> Any:
        """The program's loss."""
        return self.program.forward()

    def backward(self, loss: Any) -> None:
        """The program's gradients."""
        self.program.backward(loss)

    def update(self) -> None:
        """The rule's step."""
        if self.rule is None:
            self.program.update()
        else:
            self.program.parameters = self.rule.step(self.program.parameters, self.program.gradients)

    @property
    def parameters(self) -> Mapping[str, Any]:
        """As they stand."""
        parameters: Mapping[str, Any] = self.program.parameters
        return parameters

    @property
    def gradients(self) -> Mapping[str, Any]:
        """Of the last pass; zeros for parameters that it did not use."""
        found: Mapping[str, Any] = self.program.gradients
        return {name: found[name] if name in found else p * 0.0 for name, p in self.parameters.items()}

    def reached(self) -> dict[str, bool]:
        """What the last pass took of the model's branches, by what they are."""
        reached = getattr(self.program, "reached", dict)
        return dict(reached())


def make_reference(cell: Cell, problem: Problem, config: RunConfig) -> Reference:
    """The reference of a level at its start, on arrays of its own in the configuration's dtype, on the host.

    Its code is read anew, so that whatever a user's file does to a class of this package, it does not do
    it here.
    """
    config = replace(config, device="cpu")
    own = cast_problem(problem, config.dtype)
    if not cell.has_reference:
        return Reference(cell.reference(own, config), None)
    return Reference(cell.reference(own, config), rule_of(config))


def cast_problem(problem: Problem, dtype: str) -> Problem:
    """Copies of the problem's arrays, rounded to `dtype` as levels round them."""
    start = {name: np.array(value, dtype=dtype) for name, value in problem.start.items()}
    return replace(
        problem, x=np.array(problem.x, dtype=dtype), y=np.array(problem.y, dtype=dtype), start=start
    )
