"""A two-layer ReLU network on random data: y_pred = relu(x W1 + b1) W2 + b2, sum of squared errors."""

from autograd_cli.contract.keys import Key, Value
from autograd_cli.contract.task import Implementation, Task

_BY_HAND: dict[str, Value] = {"bias": False, "optimizer": "SGD", "momentum": 0.0}
_LOOP: dict[str, Value] = {"optimizer": "SGD", "momentum": 0.0}

TASK = Task(
    name="mlp",
    package=__name__,
    summary="a two-layer ReLU network fitted to random data",
    level="Mlp",
    keys=(
        Key("N", int, "examples in the one batch", minimum=1),
        Key("D_in", int, "numbers in an input", minimum=1),
        Key("H", int, "hidden units", minimum=1),
        Key("D_out", int, "numbers in an output", minimum=1),
        Key("start", str, "normal: N(0,1); uniform: nn.Linear's own", choices=("normal", "uniform")),
        Key("bias", bool, "whether the layers have biases"),
        Key("optimizer", str, "class of torch.optim", choices=("SGD", "Adam", "RMSprop")),
        Key("momentum", float, "momentum of SGD", minimum=0, below=1),
    ),
    implementations=(
        Implementation(
            "numpy", "arrays, and the chain rule by hand", "two-layer", devices=("cpu",), fixed=_BY_HAND
        ),
        Implementation("tensor", "the same on tensors, which can live on a GPU", "two-layer", fixed=_BY_HAND),
        Implementation("autograd", "backward() derives the gradients", "two-layer", fixed=_BY_HAND),
        Implementation("function", "your own operation inside autograd", "two-layer", fixed=_BY_HAND),
        Implementation("nn", "layers that own their parameters", "two-layer", fixed=_LOOP),
        Implementation("optim", "the update rule as an object", "two-layer", fixed={"momentum": 0.0}),
        Implementation(
            "module",
            "a model as a class of your own",
            "two-layer",
            fixed={"optimizer": "SGD", "momentum": 0.0},
        ),
        Implementation(
            "functional",
            "a model that owns nothing: a function of its parameters",
            "two-layer",
            fixed=_LOOP,
        ),
        Implementation(
            "dynamic",
            "control flow and shared weights in forward()",
            "dynamic",
            fixed={"optimizer": "SGD"},
        ),
        Implementation(
            "batched", "many runs as one program, with a leading run dimension", "two-layer", fixed=_BY_HAND
        ),
    ),
)
