"""A cubic fitted to sin(x) on [-π, π]: y_pred = a + b x + c x² + d x³, sum of squared errors."""

from autograd_cli.contract.keys import Key, Value
from autograd_cli.contract.task import Implementation, Task

_BY_HAND: dict[str, Value] = {"optimizer": "SGD", "momentum": 0.0}
_SGD: dict[str, Value] = {"optimizer": "SGD", "momentum": 0.0}

TASK = Task(
    name="sin",
    package=__name__,
    summary="a cubic polynomial fitted to sin(x)",
    level="Sin",
    keys=(
        Key("N", int, "points, evenly from -pi to pi", minimum=1),
        Key("start", str, "normal: N(0,1); uniform: nn.Linear's own", choices=("normal", "uniform")),
        *(
            Key(name, float, f"start of {name}, in place of the one drawn", optional=True)
            for name in ("a", "b", "c", "d", "e")
        ),
        Key("optimizer", str, "class of torch.optim", choices=("SGD", "Adam", "RMSprop")),
        Key("momentum", float, "momentum of SGD", minimum=0, below=1),
    ),
    implementations=(
        Implementation(
            "numpy",
            "arrays, and the gradient by hand",
            "cubic",
            devices=("cpu",),
            fixed=_BY_HAND | {"e": None},
        ),
        Implementation(
            "tensor", "the same on tensors, which can live on a GPU", "cubic", fixed=_BY_HAND | {"e": None}
        ),
        Implementation("autograd", "backward() derives the gradients", "cubic", fixed=_BY_HAND | {"e": None}),
        Implementation(
            "function", "your own operation inside autograd", "legendre", fixed=_BY_HAND | {"e": None}
        ),
        Implementation("nn", "a layer that owns its parameters", "cubic", fixed=_SGD | {"e": None}),
        Implementation("optim", "the update rule as an object", "cubic", fixed={"momentum": 0.0, "e": None}),
        Implementation("module", "a model as a class of your own", "cubic", fixed=_SGD | {"e": None}),
        Implementation(
            "dynamic",
            "control flow and shared weights in forward()",
            "dynamic",
            fixed={"optimizer": "SGD"},
        ),
        Implementation(
            "batched",
            "many runs as one program, with a leading run dimension",
            "cubic",
            fixed=_BY_HAND | {"e": None},
        ),
    ),
    absent={"functional": "a formula is a function of its coefficients anyway: mlp shows what changes"},
)
