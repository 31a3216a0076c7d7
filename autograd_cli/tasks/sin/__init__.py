"""A cubic fitted to sin(x) on [-π, π]: y_pred = a + b x + c x² + d x³, sum of squared errors."""

from autograd_cli.contract.keys import Key
from autograd_cli.contract.task import LevelSpec, Task


def _start_of(name: str, levels: tuple[str, ...] = ()) -> Key:
    return Key(name, float, f"start of {name}, in place of the one drawn", optional=True, levels=levels)


TASK = Task(
    name="sin",
    package=__name__,
    summary="a cubic polynomial fitted to sin(x)",
    keys=(
        Key("N", int, "points, evenly from -pi to pi", minimum=1),
        Key(
            "start",
            str,
            "normal: N(0,1); uniform: nn.Linear's own",
            choices=("normal", "uniform"),
            plain="normal",
        ),
        _start_of("a"),
        _start_of("b"),
        _start_of("c"),
        _start_of("d"),
        _start_of("e", levels=("dynamic",)),
        Key(
            "optimizer",
            str,
            "class of torch.optim",
            choices=("SGD", "Adam", "RMSprop"),
            plain="SGD",
            levels=("optim", "batched", "gram"),
        ),
        Key(
            "momentum",
            float,
            "momentum of SGD",
            minimum=0,
            below=1,
            plain=0.0,
            levels=("dynamic", "batched", "gram"),
            needs=("optimizer", "SGD"),
        ),
    ),
    levels=(
        LevelSpec("numpy", ".numpy:Sin", "arrays, and the gradient by hand", "cubic", devices=("cpu",)),
        LevelSpec("tensor", ".tensor:Sin", "the same on tensors, which can live on a GPU", "cubic"),
        LevelSpec("autograd", ".autograd:Sin", "backward() derives the gradients", "cubic"),
        LevelSpec("function", ".function:Sin", "your own operation inside autograd", "legendre"),
        LevelSpec("nn", ".nn:Sin", "a layer that owns its parameters", "cubic"),
        LevelSpec("optim", ".optim:Sin", "the update rule as an object", "cubic"),
        LevelSpec("module", ".module:Sin", "a model as a class of your own", "cubic"),
        LevelSpec("dynamic", ".dynamic:Sin", "control flow and shared weights in forward()", "dynamic"),
        LevelSpec(
            "batched",
            "",
            "many runs as one program, with a leading run dimension",
            "cubic",
            batch_target=".batched:SinRuns",
        ),
        LevelSpec(
            "gram",
            "",
            "less arithmetic: five rows that stand for all points",
            "cubic",
            devices=("cpu",),
            batch_target=".gram:SinRuns",
        ),
        LevelSpec(
            "compile",
            ".compile:Sin",
            "operations made into fewer by a compiler",
            "cubic",
            devices=("cpu",),
            compiles=True,
        ),
        LevelSpec(
            "jax",
            ".jax:Sin",
            "functions that XLA compiles and differentiates",
            "cubic",
            devices=("cpu",),
            extra="jax",
        ),
        LevelSpec(
            "batched_function",
            "",
            "your own operation for many runs at once",
            "legendre",
            batch_target=".batched_function:SinRuns",
        ),
    ),
    absent={"functional": "a formula is a function of its coefficients anyway: mlp shows what changes"},
    references={
        "cubic": ".reference:Cubic",
        "legendre": ".reference:Legendre",
        "dynamic": ".reference:Dynamic",
    },
    cost=".cost:cost",
    odd_shapes=({"N": 1}, {"N": 2}, {"N": 7}),
)
