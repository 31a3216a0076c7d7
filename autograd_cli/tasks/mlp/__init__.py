"""A two-layer ReLU network on random data: y_pred = relu(x W1 + b1) W2 + b2, sum of squared errors."""

from autograd_cli.contract.keys import Key
from autograd_cli.contract.task import LevelSpec, Task

_WITH_LAYERS = ("nn", "optim", "module", "functional", "dynamic", "batched")

TASK = Task(
    name="mlp",
    package=__name__,
    summary="a two-layer ReLU network fitted to random data",
    keys=(
        Key("N", int, "examples in the one batch", minimum=1),
        Key("D_in", int, "numbers in an input", minimum=1),
        Key("H", int, "hidden units", minimum=1),
        Key("D_out", int, "numbers in an output", minimum=1),
        Key(
            "start",
            str,
            "normal: N(0,1); uniform: nn.Linear's own",
            choices=("normal", "uniform"),
            plain="normal",
        ),
        Key("bias", bool, "whether the layers have biases", plain=False, levels=_WITH_LAYERS),
        Key(
            "optimizer",
            str,
            "class of torch.optim",
            choices=("SGD", "Adam", "RMSprop"),
            plain="SGD",
            levels=("optim", "batched"),
            because={"gram": "Adam and RMSprop are not linear in the gradient of w1, which it never makes"},
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
        LevelSpec("numpy", ".numpy:Mlp", "arrays, and the chain rule by hand", "two-layer", devices=("cpu",)),
        LevelSpec("tensor", ".tensor:Mlp", "the same on tensors, which can live on a GPU", "two-layer"),
        LevelSpec("autograd", ".autograd:Mlp", "backward() derives the gradients", "two-layer"),
        LevelSpec("function", ".function:Mlp", "your own operation inside autograd", "two-layer"),
        LevelSpec("nn", ".nn:Mlp", "layers that own their parameters", "two-layer"),
        LevelSpec("optim", ".optim:Mlp", "the update rule as an object", "two-layer"),
        LevelSpec("module", ".module:Mlp", "a model as a class of your own", "two-layer"),
        LevelSpec(
            "functional",
            ".functional:Mlp",
            "a model that owns nothing: a function of its parameters",
            "two-layer",
        ),
        LevelSpec("dynamic", ".dynamic:Mlp", "control flow and shared weights in forward()", "dynamic"),
        LevelSpec(
            "batched",
            "",
            "many runs as one program, with a leading run dimension",
            "two-layer",
            batch_target=".batched:MlpRuns",
        ),
        LevelSpec(
            "gram",
            "",
            "less arithmetic: products of the inputs with each other",
            "two-layer",
            devices=("cpu",),
            batch_target=".gram:MlpRuns",
        ),
        LevelSpec(
            "compile",
            ".compile:Mlp",
            "operations made into fewer by a compiler",
            "two-layer",
            devices=("cpu",),
            compiles=True,
        ),
        LevelSpec(
            "jax",
            ".jax:Mlp",
            "functions that XLA compiles and differentiates",
            "two-layer",
            devices=("cpu",),
            extra="jax",
        ),
    ),
    absent={"batched_function": "the operation of its own is ReLU, which `batched` trains"},
    references={"two-layer": ".reference:TwoLayer", "dynamic": ".reference:Dynamic"},
    cost=".cost:cost",
    odd_shapes=(
        {"N": 1, "D_in": 4, "H": 3, "D_out": 2},
        {"N": 9, "D_in": 4, "H": 6, "D_out": 1},
        {"N": 6, "D_in": 5, "H": 5, "D_out": 5},
    ),
    # Once a setting of `module`; a model whose forward() takes the weights is the level `functional` now.
    retired={"stateless": False},
)
