"""Configurations: what wins, what round-trips, and every complaint word for word."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_cli.catalogue.registry import TASKS, find_level
from autograd_cli.config.files import (
    Setting,
    config_folder,
    find_config,
    read_config_file,
    shipped_configs,
    to_yaml,
)
from autograd_cli.config.resolve import keys_of, resolve
from autograd_cli.contract.config import RunConfig
from autograd_cli.contract.keys import Key
from autograd_cli.errors import ConfigError
from tests.helpers import CELLS, config_from, config_of, message_of


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """A function that writes a configuration and returns where."""

    def write_text(text: str) -> Path:
        path = tmp_path / "my.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_text


def resolve_with(path: Path | None = None, *arguments: str) -> RunConfig:
    """What `evo train --config PATH ARGUMENTS` uses; task and impl are arguments, too."""
    return config_from(*arguments, file=path)


# --- what wins ---------------------------------------------------------------------------------------


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


# --- what the reference says -------------------------------------------------------------------------


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


@pytest.mark.parametrize("name", shipped_configs())
def test_shipped_configurations_hold_for_every_level(name: str) -> None:
    """A configuration that comes with evo resolves for each level of its task, and is found by name."""
    file = read_config_file(find_config(name))
    task = TASKS[file.settings["task"].text]
    for row in task.levels:
        config = resolve({"impl": Setting(row.name, "--impl")}, file)[1]
        assert (config.task, config.impl) == (task.name, row.name)


def test_every_default_is_written_down() -> None:
    """Each key of a task has its default in the task's file, where a reader finds it."""
    for task in TASKS.values():
        file = read_config_file(config_folder() / f"{task.name}.yaml")
        assert set(keys_of(task)) <= set(file.settings)


# --- the round trip ----------------------------------------------------------------------------------


def values_of(key: Key) -> st.SearchStrategy[str]:
    """Texts that a key accepts."""
    if key.choices:
        texts: st.SearchStrategy[str] = st.sampled_from(key.choices)
    elif key.kind is bool:
        texts = st.sampled_from(["true", "false"])
    elif key.kind is int:
        low = int(key.minimum) if key.minimum is not None else None
        texts = st.integers(low, int(key.below) - 1 if key.below is not None else None).map(str)
    else:
        texts = st.floats(
            key.minimum, key.below, allow_nan=False, allow_infinity=False, exclude_max=key.below is not None
        ).map(repr)
    return st.one_of(texts, st.just("null")) if key.optional else texts


@st.composite
def settings(draw: st.DrawFn) -> dict[str, Setting]:
    """A valid command line."""
    task_name, impl = draw(st.sampled_from(CELLS))
    task = TASKS[task_name]
    row = find_level(task, impl, "--impl")
    allowed = {name: values_of(key) for name, key in keys_of(task).items() if not key.is_fixed_for(row.name)}
    allowed["device"] = st.sampled_from(row.devices)
    chosen = draw(st.fixed_dictionaries({}, optional=allowed))
    return {name: Setting(text, name) for name, text in ({"task": task_name, "impl": impl} | chosen).items()}


@given(settings())
def test_yaml_round_trip(tmp_path_factory: pytest.TempPathFactory, given: dict[str, Setting]) -> None:
    """The config.yaml of any run reads back as exactly the same configuration."""
    _, config = resolve(given)
    path = tmp_path_factory.getbasetemp() / "round_trip.yaml"
    path.write_text(to_yaml(config), encoding="utf-8")
    assert resolve({}, read_config_file(path))[1] == config


# --- complaints --------------------------------------------------------------------------------------

MLP_KEYS = ", ".join(keys_of(TASKS["mlp"]))
LEVELS = ", ".join(row.name for row in TASKS["mlp"].levels)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["task=mpl"],
            f"argument 'task=mpl': unknown task 'mpl'; did you mean 'mlp'? (allowed: {', '.join(TASKS)})",
        ),
        (
            ["impl=optin"],
            "argument 'impl=optin': unknown implementation of task mlp 'optin'; did you mean 'optim'? "
            f"(allowed: {LEVELS})",
        ),
        (
            ["step=3"],
            f"argument 'step=3': unknown key 'step'; did you mean 'steps'? (allowed: {MLP_KEYS})",
        ),
        (["n=3"], f"argument 'n=3': unknown key 'n'; did you mean 'N'? (allowed: {MLP_KEYS})"),
        (["xyzzy=3"], f"argument 'xyzzy=3': unknown key 'xyzzy' (allowed: {MLP_KEYS})"),
        (["N=0"], "argument 'N=0': N is '0'; it must be a whole number, 1 or more"),
        (["N=1.5"], "argument 'N=1.5': N is '1.5'; it must be a whole number, 1 or more"),
        (["N=x"], "argument 'N=x': N is 'x'; it must be a whole number, 1 or more"),
        (["N="], "argument 'N=': N is ''; it must be a whole number, 1 or more"),
        (
            ["steps=-1"],
            "argument 'steps=-1': steps is '-1'; "
            "it must be a whole number, 0 or more and below 9007199254740992",
        ),
        (["lr=nan"], "argument 'lr=nan': lr is 'nan'; it must be a finite number, 0 or more"),
        (["lr=inf"], "argument 'lr=inf': lr is 'inf'; it must be a finite number, 0 or more"),
        (["lr=-1"], "argument 'lr=-1': lr is '-1'; it must be a finite number, 0 or more"),
        (["lr=fast"], "argument 'lr=fast': lr is 'fast'; it must be a finite number, 0 or more"),
        (
            ["threads=0"],
            "argument 'threads=0': threads is '0'; it must be a whole number, 1 or more and below 1025",
        ),
        (
            ["dtype=float16"],
            "argument 'dtype=float16': dtype is 'float16'; it must be one of float32, float64",
        ),
        (["device=tpu"], "argument 'device=tpu': device is 'tpu'; it must be one of cpu, cuda"),
        (["bias=2"], "argument 'bias=2': bias is '2'; it must be true or false"),
        (["lr=1", "lr=2"], "argument 'lr=2': lr is given twice, also by argument 'lr=1'"),
        (["lr"], "argument 'lr': expected KEY=VALUE, such as lr=1e-6"),
        (["=1"], "argument '=1': expected KEY=VALUE, such as lr=1e-6"),
        (
            ["optimizer=Adam"],
            "argument 'optimizer=Adam': optimizer is 'Adam', "
            "but implementation 'nn' takes only optimizer=SGD",
        ),
        (
            ["momentum=0.9"],
            "argument 'momentum=0.9': momentum is '0.9', but implementation 'nn' takes only momentum=0.0",
        ),
        (
            ["momentum=1"],
            "argument 'momentum=1': momentum is '1'; it must be a finite number, 0 or more and below 1",
        ),
        (
            ["impl=numpy", "device=cuda"],
            "argument 'device=cuda': implementation 'numpy' cannot run on 'cuda' (allowed: cpu)",
        ),
    ],
)
def test_complaints_about_arguments(arguments: list[str], message: str) -> None:
    """A wrong argument is named with its value, what is allowed, and the nearest name."""
    names = {argument.partition("=")[0] for argument in arguments}
    cell = [text for text in ("task=mlp", "impl=nn") if text.partition("=")[0] not in names]
    with pytest.raises(ConfigError) as error:
        resolve_with(None, *cell, *arguments)
    assert message_of(error) == message


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("lr: [1, 2\n", 2, "not valid YAML: did not find expected ',' or ']'"),
        ("steps: 3\n\tlr: 1\n", 2, "not valid YAML: found a tab character that violates indentation"),
        ("a: 1\nb: c: 2\n", 2, "not valid YAML: mapping values are not allowed in this context"),
        ("steps: 1\nlr: 1\nsteps: 2\n", 3, "key 'steps' is given twice"),
        ("\nlr: [1, 2]\n", 2, "lr is a list; expected a single value"),
        ("lr: {a: 1}\n", 1, "lr is a mapping; expected a single value"),
        ("- lr\n- 1\n", 1, "expected 'key: value' lines"),
        ("just text\n", 1, "expected 'key: value' lines"),
        ("levels: 3\n", 1, "expected 'key: value' lines"),
        ("levels:\n  nn: 3\n", 2, "expected 'key: value' lines"),
        ("? [a, b]\n: 1\n", 1, "a key must be a single word"),
        ("# a comment\nlr: nan\n", 2, "lr is 'nan'; it must be a finite number, 0 or more"),
        ("lr: .nan\n", 1, "lr is '.nan'; it must be a finite number, 0 or more"),
        ("N: true\n", 1, "N is 'true'; it must be a whole number, 1 or more"),
        ("xyzzy: 1\n", 1, f"unknown key 'xyzzy' (allowed: {MLP_KEYS})"),
        ("thread: 1\n", 1, f"unknown key 'thread'; did you mean 'threads'? (allowed: {MLP_KEYS})"),
        (
            "levels:\n  nn:\n    lr: 1\n  optin:\n    lr: 1\n",
            4,
            f"unknown implementation of task mlp 'optin'; did you mean 'optim'? (allowed: {LEVELS})",
        ),
        ("levels:\n  optim:\n    lr: x\n", 3, "lr is 'x'; it must be a finite number, 0 or more"),
        (
            "optimizer: Adam\n",
            1,
            "optimizer is 'Adam', but implementation 'nn' takes only optimizer=SGD",
        ),
    ],
)
def test_complaints_about_files(write: Callable[[str], Path], text: str, line: int, message: str) -> None:
    """A wrong file is named with the line that is wrong."""
    path = write(text)
    with pytest.raises(ConfigError) as error:
        resolve_with(path, "task=mlp", "impl=nn")
    assert message_of(error) == f"{path}:{line}: {message}"


def test_control_characters_are_not_yaml(tmp_path: Path) -> None:
    """A binary file is refused in one line."""
    for content in (b"\x00\x01\x02", b"\x1f\x8b\x08\x00", b"lr: \xff\xfe\n"):
        path = tmp_path / "binary.yaml"
        path.write_bytes(content)
        with pytest.raises(ConfigError) as error:
            read_config_file(path)
        assert message_of(error).startswith(str(path))


def test_missing_configuration() -> None:
    """A name that is neither a file nor a configuration that comes with evo gets the nearest name."""
    with pytest.raises(ConfigError) as error:
        find_config("mlp_nobias")
    assert message_of(error) == (
        "config: unknown configuration 'mlp_nobias'; did you mean 'mlp_no_bias'? "
        f"(allowed: {', '.join(shipped_configs())})"
    )


def test_unreadable_configuration(tmp_path: Path) -> None:
    """A folder that is no run, and a path through a file, cannot be read, and the line says why."""
    with pytest.raises(ConfigError) as error:
        read_config_file(find_config(str(tmp_path)))
    assert message_of(error) == f"{tmp_path}: cannot read the configuration: Is a directory"


def test_a_missing_cell() -> None:
    """Without a task or a level the complaint says how to give it."""
    for cell, name in (((), "task"), (("task=sin",), "impl")):
        with pytest.raises(ConfigError) as error:
            resolve_with(None, *cell)
        expected = f"{name} is missing: give it, or write '{name}:' into the configuration file"
        assert message_of(error) == expected
