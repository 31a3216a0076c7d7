"""What a trained model predicts: inputs, predictions and targets side by side, or drawn over the data."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from autograd_cli.display.lines import to_terminal
from autograd_cli.display.tables import aligned
from autograd_cli.display.text import at_the_point
from autograd_cli.predict.fit import Fit
from autograd_cli.predict.rows import Rows

# Of wider inputs a row's number stands in their place: a thousand columns say nothing.
_INPUTS_MAX = 6


def predictions_table(inputs: Rows, predictions: Rows, targets: NDArray[np.float64] | None) -> str:
    """A row an input: its numbers, or its place where they are many, the predictions, and their targets.

    Args:
        inputs: (N, numbers in one).
        predictions: (N, outputs).
        targets: (N, outputs), in the same order; None where nobody knows any.

    """
    blocks = [("x", inputs)] if inputs.shape[1] <= _INPUTS_MAX else []
    blocks += [("prediction", predictions)] + ([] if targets is None else [("target", targets)])
    header, columns = [], []
    if inputs.shape[1] > _INPUTS_MAX:
        header.append("row")
        columns.append([str(i) for i in range(len(inputs))])
    for name, block in blocks:
        wide = block.shape[1]
        header += [name] if wide == 1 else [f"{name} {i + 1}" for i in range(wide)]
        columns += [at_the_point([f"{number:.8g}" for number in column]) for column in block.T.tolist()]
    rows = list(zip(*columns, strict=True))
    return aligned(header, rows, frozenset(header))


def predictions_chart(fit: Fit, inputs: Rows, predictions: Rows) -> str:
    """The data, the fit, and where the predictions lie on it."""
    from autograd_cli.display.charts import fit_chart, room  # imports what draws dots

    asked: Sequence[tuple[float, float]] = []
    if len(inputs) < len(fit.x):
        asked = list(zip(inputs[:, 0].tolist(), predictions[:, 0].tolist(), strict=True))
    return to_terminal(fit_chart([fit], *room(), asked))
