"""The configurations that come with evo: the documents' own."""

from typing import Any

import pytest
import yaml

from tests.helpers import LEVELS, ROOT, SHIPPED, TASKS, config_keys, config_of, resolve_words


@pytest.mark.parametrize(
    ("task", "impl", "facts"),
    [
        ("mlp", "numpy", {"lr": 1e-6, "dtype": "float64", "start": "normal", "bias": False, "steps": 500}),
        ("mlp", "tensor", {"lr": 1e-6, "dtype": "float32", "N": 64, "D_in": 1000, "H": 100, "D_out": 10}),
        ("mlp", "autograd", {"lr": 1e-6, "dtype": "float32", "start": "normal", "bias": False}),
        ("mlp", "function", {"lr": 1e-6, "dtype": "float32", "start": "normal", "bias": False}),
        ("mlp", "nn", {"lr": 1e-4, "start": "uniform", "bias": True, "optimizer": "SGD"}),
        ("mlp", "optim", {"lr": 1e-4, "start": "uniform", "bias": True, "optimizer": "Adam"}),
        ("mlp", "module", {"lr": 1e-4, "start": "uniform", "bias": True, "optimizer": "SGD"}),
        ("mlp", "dynamic", {"lr": 1e-4, "start": "uniform", "bias": True, "momentum": 0.9}),
        ("sin", "numpy", {"lr": 1e-6, "dtype": "float64", "start": "normal", "steps": 2000, "N": 2000}),
        ("sin", "tensor", {"lr": 1e-6, "dtype": "float32", "start": "normal", "print_every": 100}),
        ("sin", "autograd", {"lr": 1e-6, "dtype": "float32", "start": "normal"}),
        ("sin", "function", {"lr": 5e-6, "a": 0.0, "b": -1.0, "c": 0.0, "d": 0.3, "dtype": "float32"}),
        ("sin", "nn", {"lr": 1e-6, "start": "uniform", "optimizer": "SGD"}),
        ("sin", "optim", {"lr": 1e-3, "start": "uniform", "optimizer": "RMSprop"}),
        ("sin", "module", {"lr": 1e-6, "start": "normal", "optimizer": "SGD"}),
        ("sin", "dynamic", {"lr": 1e-8, "start": "normal", "momentum": 0.9, "steps": 30000}),
        ("sin", "dynamic", {"print_every": 2000, "optimizer": "SGD", "dtype": "float32"}),
    ],
)
def test_defaults_are_the_documents(task: str, impl: str, facts: dict[str, Any]) -> None:
    """Each cell's defaults are those of its program in the documents."""
    config = config_of(task, impl).to_dict()
    assert {name: config[name] for name in facts} == facts


@pytest.mark.parametrize(
    ("file", "impl", "facts"),
    [
        ("mlp_n100", "functional", {"N": 100, "steps": 20, "lr": 1e-6, "bias": False, "start": "normal"}),
        ("mlp_no_bias", "optim", {"N": 64, "lr": 1e-6, "bias": False, "start": "normal"}),
        ("mlp_no_bias", "module", {"N": 64, "lr": 1e-6, "bias": False, "start": "uniform"}),
    ],
)
def test_shipped_files_are_the_documents(file: str, impl: str, facts: dict[str, Any]) -> None:
    """The files beside the defaults are the documents' other programs."""
    config = config_of("mlp", impl, file).to_dict()
    assert {name: config[name] for name in facts} == facts


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_configurations_hold_for_every_level(name: str) -> None:
    """A configuration that comes with evo resolves for each level of its task, and is found by name."""
    task = yaml.safe_load((ROOT / "configs" / f"{name}.yaml").read_text(encoding="utf-8"))["task"]
    for impl in LEVELS[task]:
        config = resolve_words([f"impl={impl}"], name)
        assert (config.task, config.impl) == (task, impl)


@pytest.mark.parametrize("task", TASKS)
def test_every_default_is_written_down(task: str) -> None:
    """Each key of a task has its default in the task's file, where a reader finds it."""
    file = yaml.safe_load((ROOT / "configs" / f"{task}.yaml").read_text(encoding="utf-8"))
    assert set(config_keys(task)) <= set(file)
