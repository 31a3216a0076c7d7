"""What a run with a formula has learned, beside the data: x, y, the fit, and what is left."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd_cli.contract.config import class_name
from autograd_cli.errors import ConfigError
from autograd_cli.predict.model import TrainedModel


@dataclass(frozen=True)
class Fit:
    """A curve through points.

    Attributes:
        task, impl: what was trained.
        label: what sets the run apart from others.
        formula: the fitted formula, in a line.
        x, y: the data, N numbers each, by ascending x.
        fitted: the predictions at x.
        x_name: what x is, with its unit.
        note: what has to be known of it; empty if nothing.

    """

    task: str
    impl: str
    label: str
    formula: str
    x: list[float]
    y: list[float]
    fitted: list[float]
    x_name: str = "x"
    note: str = ""
    residual: list[float] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "residual", [y - own for y, own in zip(self.y, self.fitted, strict=True)])


def fit_of(
    model: TrainedModel,
    label: str = "",
    parameters: Mapping[str, Any] | None = None,
    *,
    argument: str = "fit",
) -> Fit:
    """The fit of a trained model, or of the same model with other parameters.

    Args:
        model: the model.
        label: what sets it apart from others.
        parameters: parameters in the place of its own.
        argument: what asked for it, for the sake of a complaint.

    Raises:
        ConfigError: the task has no formula of one x, or its data do not fit into memory.

    """
    own = model.parameters if parameters is None else parameters
    config, problems = model.config, model.cell.problems
    with np.errstate(all="ignore"):
        formula = problems.describe(model.model, own)
    x = model.training_inputs()
    y = np.asarray(problems.make(config).y, dtype=np.float64).ravel()
    if formula is None or model.signature.inputs != 1 or len(x) != len(y):
        raise ConfigError(
            f"{argument}: task {config.task} has no formula of a single x to draw, as sin and linear have",
            key=argument,
        )
    with np.errstate(all="ignore"):
        fitted = problems.predict(model.model, own, x.astype(config.dtype), 0)
    order = np.argsort(x[:, 0], kind="stable")
    paths = model.signature.paths
    return Fit(
        config.task,
        class_name(config.to_dict()),
        label,
        formula,
        x[order, 0].tolist(),
        y[order].tolist(),
        np.asarray(fitted, dtype=np.float64).ravel()[order].tolist(),
        "x [rad]" if config.task == "sin" else "x",
        f"path 0 of {paths}: without the terms that come and go" if paths > 1 else "",
    )
