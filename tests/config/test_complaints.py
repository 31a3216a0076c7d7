"""Every complaint about a configuration, word for word, as a person reads it."""

from pathlib import Path

import pytest

from tests.helpers import LEVELS, SHIPPED, TASKS, config_keys, refused

MLP = ("task=mlp", "impl=nn")
MLP_KEYS = ", ".join(config_keys("mlp"))
MLP_LEVELS = ", ".join(LEVELS["mlp"])


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
            f"(allowed: {MLP_LEVELS})",
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
            ["impl=gram", "optimizer=Adam"],
            "argument 'optimizer=Adam': optimizer is 'Adam', but implementation 'gram' takes only "
            "optimizer=SGD: Adam and RMSprop are not linear in the gradient of w1, which it never makes",
        ),
        (
            ["impl=batched", "optimizer=Adam", "momentum=0.9"],
            "argument 'momentum=0.9': momentum=0.9 needs optimizer=SGD, and optimizer is Adam",
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
def test_complaints_about_arguments(tmp_path: Path, arguments: list[str], message: str) -> None:
    """A wrong argument is named with its value, what is allowed, and the nearest name; nothing is written."""
    names = {argument.partition("=")[0] for argument in arguments}
    cell = [text for text in MLP if text.partition("=")[0] not in names]
    assert refused("train", *cell, *arguments, cwd=tmp_path) == message
    assert not list(tmp_path.iterdir())


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
            f"unknown implementation of task mlp 'optin'; did you mean 'optim'? (allowed: {MLP_LEVELS})",
        ),
        ("levels:\n  optim:\n    lr: x\n", 3, "lr is 'x'; it must be a finite number, 0 or more"),
        (
            "optimizer: Adam\n",
            1,
            "optimizer is 'Adam', but implementation 'nn' takes only optimizer=SGD",
        ),
    ],
)
def test_complaints_about_files(tmp_path: Path, text: str, line: int, message: str) -> None:
    """A wrong file is named with the line that is wrong."""
    (tmp_path / "my.yaml").write_text(text, encoding="utf-8")
    assert refused("train", *MLP, "--config", "my.yaml", cwd=tmp_path) == f"my.yaml:{line}: {message}"


@pytest.mark.parametrize("content", [b"\x00\x01\x02", b"\x1f\x8b\x08\x00", b"lr: \xff\xfe\n"])
def test_control_characters_are_not_yaml(tmp_path: Path, content: bytes) -> None:
    """A binary file is refused in one line."""
    (tmp_path / "binary.yaml").write_bytes(content)
    assert refused("train", *MLP, "--config", "binary.yaml", cwd=tmp_path).startswith("binary.yaml: ")


def test_missing_configuration(tmp_path: Path) -> None:
    """A name that is neither a file nor a configuration that comes with evo gets the nearest name."""
    assert refused("train", *MLP, "--config", "mlp_nobias", cwd=tmp_path) == (
        "--config: unknown configuration 'mlp_nobias'; did you mean 'mlp_no_bias'? "
        f"(allowed: {', '.join(SHIPPED)})"
    )


def test_unreadable_configuration(tmp_path: Path) -> None:
    """A folder that is no run cannot be read, and the line says why."""
    line = refused("train", *MLP, "--config", tmp_path, cwd=tmp_path)
    assert line == f"{tmp_path}: cannot read the configuration: Is a directory"


@pytest.mark.parametrize(("words", "name"), [((), "task"), (("task=sin",), "impl")])
def test_a_missing_cell(tmp_path: Path, words: tuple[str, ...], name: str) -> None:
    """Without a task or a level the complaint says how to give it, and which there are."""
    allowed = ", ".join(TASKS if name == "task" else [level.name for level in TASKS["sin"].levels])
    expected = (
        f"--{name} is missing: give it, or write '{name}:' into the configuration file (allowed: {allowed})"
    )
    assert refused("train", *words, cwd=tmp_path) == expected


@pytest.mark.parametrize(
    ("task", "impl", "reason"),
    [(name, impl, reason) for name, task in TASKS.items() for impl, reason in task.absent.items()],
)
def test_a_level_that_a_task_lacks_says_why(tmp_path: Path, task: str, impl: str, reason: str) -> None:
    """A level that the documents' tasks have and this one lacks is refused with its own reason."""
    assert any(impl in levels for levels in LEVELS.values())
    assert impl not in LEVELS[task]
    assert refused("train", f"task={task}", f"impl={impl}", cwd=tmp_path) == (
        f"argument 'impl={impl}': task {task} has no implementation '{impl}': {reason} "
        f"(allowed: {', '.join(LEVELS[task])})"
    )
