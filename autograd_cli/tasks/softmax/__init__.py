"""Binary cross-entropy of the outputs of a softmax, for one example: autograd by itself, without layers."""

from autograd_cli.contract.keys import Key
from autograd_cli.contract.task import LevelSpec, Task

TASK = Task(
    name="softmax",
    package=__name__,
    summary="one example through a softmax, all labels 0",
    keys=(
        Key("D_in", int, "numbers in the input, all of them 1", minimum=1),
        Key("D_out", int, "outputs, which sum to 1", minimum=2),
    ),
    levels=(
        LevelSpec(
            "numpy",
            ".numpy:Softmax",
            "arrays, and the chain rule through a softmax by hand",
            "softmax",
            devices=("cpu",),
        ),
        LevelSpec("autograd", ".autograd:Softmax", "backward() derives the gradients", "softmax"),
        LevelSpec("function", ".function:Softmax", "your own operation inside autograd", "softmax"),
    ),
    absent={
        "tensor": "it would be numpy once more: the lesson here is what backward() does",
        "nn": "the lesson here is backward() on bare tensors, without layers",
        "optim": "the lesson here is backward() on bare tensors, without an optimiser",
        "module": "the lesson here is backward() on bare tensors, without a model class",
        "functional": "the lesson here is backward() on bare tensors, and functional does without it",
        "batched": "the lesson here is backward() on bare tensors, once",
        "gram": "there is one example, and so no products of examples with each other",
        "compile": "the lesson here is what backward() does, operation by operation",
        "jax": "the lesson here is backward(), which JAX has none of",
        "batched_function": "as for `batched`",
        "dynamic": "a single product and a softmax have no path to choose from",
    },
    references={"softmax": ".reference:Softmax"},
    cost=".cost:cost",
    odd_shapes=({"D_in": 1, "D_out": 2}, {"D_in": 4, "D_out": 4}),
)
