"""A line through points that lie on one: y_pred = x w + b for y = 2x + 1, mean of squared errors."""

from autograd_cli.contract.keys import Key
from autograd_cli.contract.task import LevelSpec, Task

TASK = Task(
    name="linear",
    package=__name__,
    summary="a line fitted to points of y = 2x + 1",
    keys=(
        Key("N", int, "points, x = 0, 1, ..., N-1", minimum=1),
        Key(
            "start",
            str,
            "normal: N(0,1); uniform: nn.Linear's own",
            choices=("normal", "uniform"),
            plain="normal",
        ),
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
            levels=("batched", "gram"),
            needs=("optimizer", "SGD"),
        ),
    ),
    levels=(
        LevelSpec("numpy", ".numpy:Linear", "arrays, and the gradient by hand", "line", devices=("cpu",)),
        LevelSpec("tensor", ".tensor:Linear", "the same on tensors, which can live on a GPU", "line"),
        LevelSpec("autograd", ".autograd:Linear", "backward() derives the gradients", "line"),
        LevelSpec("nn", ".nn:Linear", "a layer that owns its parameters", "line"),
        LevelSpec("optim", ".optim:Linear", "the update rule as an object", "line"),
        LevelSpec("module", ".module:Linear", "a model as a class of your own", "line"),
        LevelSpec(
            "batched",
            "",
            "many runs as one program, with a leading run dimension",
            "line",
            batch_target=".batched:LinearRuns",
        ),
        LevelSpec(
            "gram",
            "",
            "less arithmetic: three rows that stand for all points",
            "line",
            devices=("cpu",),
            batch_target=".gram:LinearRuns",
        ),
    ),
    absent={
        "functional": "a line is a function of its two numbers anyway: mlp shows what changes",
        "function": "a line is one product and one sum, with no operation left to differentiate by hand",
        "dynamic": "a single layer has no path to choose from",
        "compile": "a line has hardly an operation that could be made into one with another",
        "jax": "a line is a function of its two numbers anyway: mlp and sin show what changes",
        "batched_function": "nor is there an operation for many runs",
    },
    references={"line": ".reference:Line"},
    cost=".cost:cost",
    odd_shapes=({"N": 1}, {"N": 2}),
)
