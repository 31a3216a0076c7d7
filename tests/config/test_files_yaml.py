"""config.yaml: whatever a name holds comes back as it was; and YAML that is made to do harm."""

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import autograd_cli as evo
from autograd_cli.config import files
from autograd_cli.config.files import config_folder, read_config_file, to_yaml
from autograd_cli.errors import ConfigError
from autograd_cli.runs.reader import read_run
from tests.faulty import python, told
from tests.helpers import config_of

LEVEL = "from autograd_cli.tasks.sin.numpy import *\nfrom autograd_cli.tasks.sin import numpy as own\n"
CLASS = "Mine = next(c for c in vars(own).values() if isinstance(c, type) and hasattr(c, 'forward'))\n"
CLASS = LEVEL + CLASS.replace("Mine = ", "_Base = ") + "class Mine(_Base): pass\n"

# Any text that a path can be, bytes that are no UTF-8 among it.
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])) | st.binary().map(
    lambda content: content.replace(b"\0", b"").decode("utf-8", "surrogateescape")
)


@given(names)
def test_any_name_comes_back(tmp_path_factory: pytest.TempPathFactory, name: str) -> None:
    """Quoted or not, a line of config.yaml reads as what was written, for us and for any other reader."""
    path = tmp_path_factory.getbasetemp() / "name.yaml"
    path.write_text(to_yaml(replace(config_of("sin", "numpy"), impl=name)), encoding="utf-8")
    file = read_config_file(path)
    assert file.settings["impl"].text == name
    assert file.settings["task"].text == "sin"
    other = yaml.safe_load(path.read_text(encoding="utf-8"))["impl"]
    assert (other.decode("utf-8", "surrogateescape") if isinstance(other, bytes) else other) == name


def test_what_needs_no_quotes_has_none() -> None:
    """A file of plain values reads as before: numbers as people write them, words without quotes."""
    text = to_yaml(replace(config_of("sin", "numpy", lr=1e-6), impl="my_levels.py:Mine"))
    assert "impl: my_levels.py:Mine\n" in text
    assert "lr: 1e-06\n" in text
    assert "'" not in text
    assert '"' not in text


@pytest.mark.parametrize("folder", ["sp #x", "a: b", "[x]", "*x", "new\nline", "&a !b", b"\xff\xfe", "é"])
def test_a_run_of_a_level_in_a_folder_of_any_name_is_taken_up(
    tmp_path: Path, folder: str | bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It trains again from its directory, predicts, and its record reads."""
    monkeypatch.chdir(tmp_path)
    place = Path(os.fsdecode(folder))
    place.mkdir()
    (place / "own.py").write_text(CLASS)
    impl = f"{place}/own.py:Mine"
    assert told("train", "--task", "sin", "--impl", impl, "steps=2", "--name", "r", "-q") == (0, "")
    first = read_run(Path("runs/r"))
    assert first.config["impl"] == impl
    assert told("predict", "runs/r", "0.5") == (0, "")
    code, said = told("train", "--config", "runs/r", "--name", "again", "-q")
    assert (code, said.startswith("evo: note: runs the code of ")) == (0, True)
    again = read_run(Path("runs/again"))
    assert (again.config_digest, again.last_loss) == (first.config_digest, first.last_loss)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: " + "[" * 50_000, "nested more than 20 deep"),
        ("- " * 50_000 + "x", "nested more than 20 deep"),
        ("{a: " * 50_000, "nested more than 20 deep"),
        ("&a [" + "*a, " * 20_000 + "]", "too many aliases"),
        ("#" * 2**20 + "\n", "larger than 1 MiB, which no such file is"),
    ],
)
def test_yaml_that_would_never_end(tmp_path: Path, content: str, message: str) -> None:
    """It is refused in a line and at once, where it would take the stack, the memory or the evening."""
    (tmp_path / "evil.yaml").write_text(content)
    script = (
        "from pathlib import Path\nfrom autograd_cli.config.files import read_config_file\n"
        "from autograd_cli.errors import ConfigError\n"
        "try: read_config_file(Path('evil.yaml'))\nexcept ConfigError as error: print(error)\n"
    )
    done = python(script, tmp_path, timeout_s=30)
    assert message in done.stdout, done.stderr
    assert done.stdout.startswith("evil.yaml:")


def test_sections_that_are_all_the_same(tmp_path: Path) -> None:
    """An alias is read as what it stands for, and not thousands of times."""
    path = tmp_path / "same.yaml"
    path.write_text("levels:\n  nn: &a\n    lr: 1\n  optim: *a\n")
    assert {name: body["lr"].text for name, (_, body) in read_config_file(path).levels.items()} == {
        "nn": "1",
        "optim": "1",
    }
    keys = "".join(f"    k{i}: 1\n" for i in range(20_000))
    path.write_text(f"levels:\n  l: &a\n{keys}" + "".join(f"  l{i}: *a\n" for i in range(20_000)))
    start_s = time.process_time()
    with pytest.raises(ConfigError, match="too many aliases"):
        read_config_file(path)
    assert time.process_time() - start_s < 20  # hours, were they all read


def test_what_says_that_it_is_base64(tmp_path: Path) -> None:
    """And is not, is told by its line."""
    path = tmp_path / "b.yaml"
    path.write_text("impl: !!binary 'a'\n")
    with pytest.raises(ConfigError) as error:
        read_config_file(path)
    assert str(error.value) == f"{path}:1: impl is not base64, as !!binary says"


def test_a_reason_that_is_no_utf_8_is_kept(tmp_path: Path) -> None:
    """run.json stays JSON, and says the very bytes."""
    from autograd_cli.runs.writer import RunWriter

    reason = os.fsdecode(b"caf\xe9.py:3: ValueError")
    RunWriter(tmp_path, config_of("sin", "numpy"), "r", {}).finish("failed", error=reason)
    assert read_run(tmp_path / "r").error == reason
    assert evo.load(str(tmp_path / "r"))[0].record.error == reason


LINES = st.lists(
    st.sampled_from(
        [
            "lr: 1e-6",
            "N: 64  # words",
            "levels:",
            "  nn:",
            "  optim: # x",
            "    lr: -1",
            "    start: uniform",
            "# lr: 2",
            "",
            "  # deep",
            "      lr: 3",
            " lr: 4",
            "lr:5",
            "levels: 1",
            "name: a b",
            "blocks:",
            "x: 0..9",
            "note: yes",
            "a: 1:2",
            "-",
            "---",
            "# \x85lr: 6",
            "b: 'q'",
            "    N:",
            "N: 1_0",
            "y: ~",
            "c:\t1",
            "d: 1\r",
        ]
    ),
    max_size=8,
)


@given(LINES)
def test_a_plain_file_is_read_as_yaml_reads_it(lines: list[str]) -> None:
    """Whatever is read without YAML's own parser, that parser reads as the same."""
    text, path = "\n".join(lines), Path("here.yaml")
    plain = files._read_plain(text, path)
    if plain is not None:
        assert plain == files._read_yaml(text, path, lists=True)


@pytest.mark.parametrize("path", sorted(config_folder().glob("*.yaml")), ids=lambda path: path.stem)
def test_the_defaults_of_every_task_are_plain(path: Path) -> None:
    """A short run need not wait for a parser to be imported."""
    text = path.read_text(encoding="utf-8")
    assert files._read_plain(text, path) == files._read_yaml(text, path, lists=False)


@given(st.text("aeflnorstuyNOT_019.-", min_size=1, max_size=5))
def test_a_word_is_written_as_yaml_writes_it(word: str) -> None:
    """What is written without asking YAML is what YAML would have quoted, or left, in the same way."""
    assert files._text(word) == yaml.safe_dump([word], width=99).removeprefix("- ").rstrip("\n")
