"""What wins where a key is given several times, and how YAML's values are read."""

from collections.abc import Callable
from pathlib import Path

import pytest

from autograd_cli.contract.config import RunConfig
from tests.helpers import config_of, resolve_words


def resolve_with(path: Path | None = None, *words: str) -> RunConfig:
    """What `evo train --config PATH WORDS` uses; task and impl are words, too."""
    return resolve_words(words, str(path) if path else None)


def test_later_layers_win(write: Callable[[str], Path]) -> None:
    """Defaults < the level's section of them < the file < the file's section < the command line."""
    at = ("task=mlp", "impl=nn")
    assert config_of("mlp", "tensor").lr == 1e-6
    assert resolve_with(None, *at).lr == 1e-4
    assert resolve_with(write("lr: 1\nsteps: 7\n"), *at).lr == 1.0
    sections = write("lr: 1\nlevels:\n  nn:\n    lr: 2\n  optim:\n    lr: 3\n")
    assert resolve_with(sections, *at).lr == 2.0
    assert resolve_with(sections, *at, "lr=4").lr == 4.0
    assert resolve_with(sections, *at).steps == config_of("mlp", "nn").steps


def test_task_and_impl_may_stand_in_the_file(write: Callable[[str], Path]) -> None:
    """A file names its cell, and the command line may name another level of it."""
    path = write("task: sin\nimpl: optim\n")
    assert (resolve_with(path).task, resolve_with(path).impl) == ("sin", "optim")
    assert resolve_with(path, "impl=nn").impl == "nn"


@pytest.mark.parametrize("text", ["1e-6", "1E-6", "1.e-6", "0.000001", "'1e-6'", "1e-06"])
def test_a_number_is_a_number(write: Callable[[str], Path], text: str) -> None:
    """YAML's `1e-6` is the number that a person means, however it is written."""
    assert resolve_with(write(f"lr: {text}\n"), "task=mlp", "impl=nn").lr == 1e-6


@pytest.mark.parametrize("text", ["null", "~", "", "Null"])
def test_null_draws_a_start(write: Callable[[str], Path], text: str) -> None:
    """Where a key may be empty, every spelling of YAML's null empties it."""
    assert resolve_with(write(f"b: {text}\n"), "task=sin", "impl=function").options["b"] is None


@pytest.mark.parametrize(("text", "value"), [("true", True), ("Yes", True), ("off", False)])
def test_truth_values(write: Callable[[str], Path], text: str, value: bool) -> None:
    """Truth values are read as YAML 1.1 spells them."""
    assert resolve_with(write(f"bias: {text}\n"), "task=mlp", "impl=nn").options["bias"] is value


def test_an_empty_file_changes_nothing(write: Callable[[str], Path]) -> None:
    """A file of comments, and an empty section, leave the defaults."""
    for text in ("", "# nothing\n", "levels:\n", "levels:\n  nn:\n"):
        assert resolve_with(write(text), "task=mlp", "impl=nn") == config_of("mlp", "nn")
