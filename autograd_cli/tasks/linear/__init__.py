"""A line through points that lie on one: y_pred = x w + b for y = 2x + 1, mean of squared errors."""

from autograd_cli.contract.keys import Key, Value
from autograd_cli.contract.task import Implementation, Task

_SGD: dict[str, Value] = {"optimizer": "SGD"}

TASK = Task(
    name="linear",
    package=__name__,
    summary="a line fitted to points of y = 2x + 1",
    level="Linear",
    keys=(
        Key("N", int, "points, x = 0, 1, ..., N-1", minimum=1),
        Key("start", str, "normal: N(0,1); uniform: nn.Linear's own", choices=("normal", "uniform")),
        Key("optimizer", str, "class of torch.optim", choices=("SGD", "Adam", "RMSprop")),
    ),
    implementations=(
        Implementation("numpy", "arrays, and the gradient by hand", "line", devices=("cpu",), fixed=_SGD),
        Implementation("tensor", "the same on tensors, which can live on a GPU", "line", fixed=_SGD),
        Implementation("autograd", "backward() derives the gradients", "line", fixed=_SGD),
        Implementation("nn", "a layer that owns its parameters", "line", fixed=_SGD),
        Implementation("optim", "the update rule as an object", "line"),
        Implementation("module", "a model as a class of your own", "line", fixed=_SGD),
        Implementation(
            "batched", "many runs as one program, with a leading run dimension", "line", fixed=_SGD
        ),
    ),
    absent={
        "functional": "a line is a function of its two numbers anyway: mlp shows what changes",
        "function": "a line is one product and one sum, with no operation left to differentiate by hand",
        "dynamic": "a single layer has no path to choose from",
    },
)
