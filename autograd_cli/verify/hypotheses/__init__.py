"""What a mistake may be: hypotheses, each of which looks at the numbers where two programs part.

fit.py            when an explanation holds: to rounding, and not by chance
rerun.py          what the reference's program gives under other circumstances
the others        hypotheses: a function each, from the evidence to a question, or None where it does not fit

To add one is to write a function, and to give it its place in the tables below. The more specific comes
first: what is true of one mistake alone before what is true of several.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress

import numpy as np

from autograd_cli.verify.evidence import Evidence, What
from autograd_cli.verify.hypotheses import (
    arrays,
    crossentropy,
    data,
    factors,
    history,
    losses,
    networks,
    optimizers,
    precision,
    starts,
    updates,
)

Hypothesis = Callable[[Evidence], str | None]

HYPOTHESES: Mapping[What, tuple[Hypothesis, ...]] = {
    "start": (
        precision.few_decimals,
        precision.few_digits,
        arrays.all_zero,
        arrays.transposed,
        starts.of_other_settings,
        starts.own_draw,
        arrays.of_another,
        starts.scaled,
        arrays.clipped,
        arrays.in_another_order,
    ),
    "loss": (
        precision.few_decimals,
        precision.few_digits,
        arrays.all_zero,
        history.of_the_step_before,
        history.of_the_step_after,
        history.sum_so_far,
        factors.opposite_sign,
        factors.constant_factor,
        losses.root,
        data.other_path,
        history.from_an_old_parameter,
        history.an_extra_bias,
        networks.other_activation,
        crossentropy.other_cross_entropy,
        data.other_data_or_parameters,
        data.own_data,
        precision.from_rounded,
        losses.other_loss,
        history.penalty,
    ),
    "gradient": (
        precision.few_digits,
        arrays.all_zero,
        arrays.transposed,
        history.of_the_step_before,
        history.sum_so_far,
        factors.opposite_sign,
        arrays.clipped_by_norm,
        networks.counted_once,
        networks.other_mask,
        networks.other_way_back,
        crossentropy.other_way_back,
        factors.constant_factor,
        arrays.of_another,
        history.velocity_for_gradient,
        history.penalty,
        data.other_data,
        arrays.clipped,
        arrays.from_zero_up,
        arrays.in_another_order,
        arrays.rows_alike,
    ),
    "parameter": (
        precision.few_digits,
        updates.not_trained,
        updates.uphill,
        optimizers.resting_parameters,
        updates.old_gradient,
        optimizers.nesterov,
        optimizers.averaged_gradients,
        optimizers.momentum,
        optimizers.dampening,
        optimizers.other_rule,
        optimizers.other_numbers,
        updates.clipped_gradient,
        updates.learning_rate,
        optimizers.other_rule_and_rate,
        updates.weight_decay,
        updates.old_weights_back,
        updates.of_another_array,
        updates.bounded,
    ),
}


def explain(evidence: Evidence) -> str | None:
    """What the mistake may be, as a question with the numbers that speak for it; None where nothing fits."""
    with np.errstate(all="ignore"):
        for hypothesis in HYPOTHESES[evidence.what]:
            # A level's arrays can have any shape and any values. What cannot be computed does not fit.
            with suppress(ValueError, ArithmeticError, IndexError, KeyError):
                if answer := hypothesis(evidence):
                    return answer
    return None
