"""`evo`: the same training, written at rising levels of abstraction, made comparable.

import autograd_cli as evo

run = evo.train("mlp", "optim", lr=1e-4, seed=3)      # losses, status, config, parameters, predict(x)
runs = evo.sweep("sin", "numpy", lr="log:1e-7:1e-6:4", seed=range(4))
evo.compare(runs, group_by="lr", over="seed")         # a table; .to_pandas()
evo.plot(runs, over="seed").save("losses.svg")        # a picture, which shows itself, too
evo.verify("mlp", MyLevel)                            # is a class of yours the same training?
evo.bench("mlp", ["numpy", "tensor"], threads=[1, 2])  # what a step costs, by verb, beside its floor
evo.load("runs/*"), evo.tasks(), evo.graph("mlp", "autograd")
evo.show("mlp", "autograd"), evo.diff("mlp", "tensor", "autograd")
evo.report("runs/*").write("evolution.html")          # the whole evolution on one page

Each name is loaded when it is first used: importing the package imports neither torch nor NumPy.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from autograd_cli.version import __version__ as __version__

if TYPE_CHECKING:
    from autograd_cli.api.bench import Benchmark as Benchmark
    from autograd_cli.api.bench import bench as bench
    from autograd_cli.api.compare import Table as Table
    from autograd_cli.api.compare import compare as compare
    from autograd_cli.api.export import export as export
    from autograd_cli.api.graph import Graph as Graph
    from autograd_cli.api.graph import accumulation as accumulation
    from autograd_cli.api.graph import graph as graph
    from autograd_cli.api.lesson import Difference as Difference
    from autograd_cli.api.lesson import Lesson as Lesson
    from autograd_cli.api.lesson import diff as diff
    from autograd_cli.api.lesson import show as show
    from autograd_cli.api.plot import Plot as Plot
    from autograd_cli.api.plot import plot as plot
    from autograd_cli.api.report import Report as Report
    from autograd_cli.api.report import report as report
    from autograd_cli.api.runs import Run as Run
    from autograd_cli.api.runs import load as load
    from autograd_cli.api.sweep import plan as plan
    from autograd_cli.api.sweep import sweep as sweep
    from autograd_cli.api.tasks import tasks as tasks
    from autograd_cli.api.train import train as train
    from autograd_cli.api.verify import Verification as Verification
    from autograd_cli.api.verify import verify as verify
    from autograd_cli.contract.batch import Batch as Batch
    from autograd_cli.contract.config import RunConfig as RunConfig
    from autograd_cli.contract.keys import Key as Key
    from autograd_cli.contract.problem import ModelSignature as ModelSignature
    from autograd_cli.contract.problem import Problem as Problem
    from autograd_cli.contract.problem import Streams as Streams
    from autograd_cli.contract.task import LevelSpec as LevelSpec
    from autograd_cli.contract.task import Task as Task
    from autograd_cli.errors import ConfigError as ConfigError
    from autograd_cli.errors import EvoError as EvoError
    from autograd_cli.errors import RunError as RunError

# Where each public name lives, in the order in which a reader meets them.
_HOMES = {
    "train": "api.train",
    "sweep": "api.sweep",
    "plan": "api.sweep",
    "compare": "api.compare",
    "plot": "api.plot",
    "export": "api.export",
    "verify": "api.verify",
    "load": "api.runs",
    "tasks": "api.tasks",
    "show": "api.lesson",
    "diff": "api.lesson",
    "report": "api.report",
    "bench": "api.bench",
    "graph": "api.graph",
    "accumulation": "api.graph",
    "Run": "api.runs",
    "Table": "api.compare",
    "Plot": "api.plot",
    "Verification": "api.verify",
    "Benchmark": "api.bench",
    "Graph": "api.graph",
    "Lesson": "api.lesson",
    "Difference": "api.lesson",
    "Report": "api.report",
    "Batch": "contract.batch",
    "RunConfig": "contract.config",
    "Task": "contract.task",
    "LevelSpec": "contract.task",
    "Key": "contract.keys",
    "Problem": "contract.problem",
    "Streams": "contract.problem",
    "ModelSignature": "contract.problem",
    "EvoError": "errors",
    "ConfigError": "errors",
    "RunError": "errors",
}

__all__ = ["__version__", *_HOMES]  # noqa: PLE0604 - names, which the type checker sees above


if not TYPE_CHECKING:  # a type checker would believe in any name

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
        from importlib import import_module

        found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """A package whose public functions are not hidden by rooms of the same name.

    Importing `autograd_cli.compare.groups` would bind the room as `autograd_cli.compare`, in the place of the
    function.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
