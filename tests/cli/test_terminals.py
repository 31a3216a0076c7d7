"""What reaches a terminal, a pipe, and a stream that cannot take it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_cli.compare.comparison import compare
from autograd_cli.display.runs import COMPARISON_FORMATS
from autograd_cli.display.tables import aligned, markdown_table
from autograd_cli.display.text import cells, guarded, json_text, shown
from autograd_cli.runs.reader import read_run
from tests.helpers import evo, record_run
from tests.processes import command, environment
from tests.processes import on_terminal as terminal_output

# Sets the window's title, where it is obeyed.
TITLE = "\x1b]0;title\x07"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
SIN = ("train", "--task", "sin", "--impl", "numpy", "steps=5")


def run_at(folder: Path, name: str) -> Path:
    """A run in a directory that its writer would never have called so."""
    record_run(folder, "plain", [2.0, 1.0])
    path = folder / name
    (folder / "plain").rename(path)
    return path


def output_of(*arguments: str, cwd: Path, **extra: str) -> bytes:
    """The very bytes that `evo ARGUMENTS` writes to a pipe; nothing may go to stderr."""
    done = subprocess.run(
        command(*arguments), cwd=cwd, env=environment(**extra), capture_output=True, check=True
    )
    assert done.stderr == b""
    return done.stdout


def redirected(redirection: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """`evo ARGUMENTS` with streams as a shell redirects them."""
    line = f"{' '.join(command(*arguments))} {redirection}"
    return subprocess.run(
        ["bash", "-c", line], cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )


# --- nothing is obeyed -------------------------------------------------------------------------------


@given(st.text(st.characters(), max_size=50))
def test_shown_text_is_one_line_and_stays_itself(text: str) -> None:
    """It has no control character, no turn of direction and no half character, and is shown only once."""
    once = shown(text)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", once)
    assert len(once.splitlines()) <= 1
    assert shown(once) == once
    assert text == once or not text.isprintable()


@given(st.text(st.sampled_from("\x1b[]0;31mAB\x07\x9b\n"), max_size=30))
def test_a_terminal_gets_colours_and_nothing_else(text: str) -> None:
    """Of what a result holds, colours and newlines alone are left to have an effect."""
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f]", COLOUR.sub("", guarded(text)))


@pytest.mark.parametrize("style", ["table", "json", "csv", "markdown"])
def test_a_name_sets_no_title(tmp_path: Path, style: str) -> None:
    """A directory's name with an escape sequence is shown by every format, on a terminal and on a pipe."""
    run_at(tmp_path, f"a{TITLE}b")
    output, code = terminal_output("compare", f"a{TITLE}b", "--format", style, cwd=tmp_path)
    assert code == 0
    assert "\x1b]" not in output
    assert "\x07" not in output
    if style != "csv":
        assert "\x1b" not in evo("compare", f"a{TITLE}b", "--format", style, cwd=tmp_path).stdout


def test_what_a_record_and_a_file_say_sets_no_title(tmp_path: Path) -> None:
    """Nor do a record's strings, the cells of a CSV file in a warning, and the values of a YAML file."""
    run = run_at(tmp_path, "r")
    record = json.loads((run / "run.json").read_text())
    record["config"]["impl"] = TITLE
    (run / "run.json").write_text(json.dumps(record))
    record_run(tmp_path, "other", [1.0])
    (tmp_path / "bad.csv").write_text(f"step,loss\n1,{TITLE}\n")
    (tmp_path / "bad.yaml").write_text('task: sin\nimpl: numpy\nlr: "\\e]0;title\\a"\n')
    for arguments in (["compare", "r", "other", "bad.csv"], ["train", "--config", "bad.yaml"]):
        output, _ = terminal_output(*arguments, cwd=tmp_path)
        assert r"\x1b]0;title\x07" in "".join(output.split())
        assert "\x1b]" not in output


def test_a_newline_in_a_name_breaks_no_table(tmp_path: Path) -> None:
    """A row stays a line, and a cell a cell, whatever the name holds."""
    name = "a\n| b \\| <i>c"
    run_at(tmp_path, name)
    table = evo("compare", name, cwd=tmp_path).stdout
    assert len(table.splitlines()) == 2
    rows = evo("compare", name, "--format", "markdown", cwd=tmp_path).stdout.splitlines()
    columns = [len(re.split(r"(?<!\\)(?:\\\\)*\|", row)) for row in rows]
    assert len(rows) == 3
    assert len(set(columns)) == 1
    assert r"a\n" in rows[2]
    assert r"\<i>" in rows[2]


def test_wide_and_combining_characters_keep_the_columns() -> None:
    """The column after a name begins in the same cell of the terminal in every row."""
    names = ["plain", "模型", "e\u0301té", "\U0001f600 x"]
    rows = aligned(("run", "n"), [(name, "1") for name in names]).splitlines()
    assert {cells(row[: row.rindex("1" if i else "n")]) for i, row in enumerate(rows)} == {7}
    assert cells("模型") == 4
    assert cells("e\u0301") == 1


# --- nothing is changed ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [b"a\x1b]0;t\x07", b"caf\xe9", b"two\nlines", "“é”,x".encode()])
def test_programs_get_a_path_as_it_is(tmp_path: Path, name: bytes) -> None:
    """On a pipe, csv, json and --quiet lead back to the very bytes of the run's name."""
    runs = os.fsdecode(name)
    run_at(tmp_path, runs)
    told = output_of("compare", runs, "--format", "json", cwd=tmp_path)
    assert told.isascii()
    assert os.fsencode(json.loads(told)[0]["run"]) == name
    for arguments in (["compare", runs, "--format", "csv"], [*SIN, "--quiet", "--runs-dir", runs]):
        assert name in output_of(*arguments, cwd=tmp_path)
    record = json.loads(output_of(*SIN, "--json", "--runs-dir", runs, cwd=tmp_path))
    assert (tmp_path / record["path"] / "run.json").is_file()


_JSON = st.recursive(
    st.text(st.characters()) | st.floats() | st.none(),
    lambda inner: st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(_JSON)
def test_json_text_is_ascii_and_reads_back(content: object) -> None:
    """Every string comes back, lone surrogates too, and a number that JSON lacks as null."""
    text = json_text(content)
    assert text.isascii()
    assert "\x7f" not in text
    standard = json.loads(json.dumps(content), parse_constant=lambda _name: None)
    assert json.loads(text) == standard


# --- streams that take less --------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "ascii:strict"])
def test_an_encoding_that_lacks_letters_ends_nothing(tmp_path: Path, encoding: str) -> None:
    """What it lacks is shown by its number, or as `?` in a picture; json stays valid."""
    runs = [evo(*SIN, "--quiet", cwd=tmp_path, PYTHONIOENCODING=encoding) for _ in range(2)]
    assert [(run.returncode, run.stderr) for run in runs] == [(0, "")] * 2
    paths = [run.stdout.strip() for run in runs]
    (tmp_path / "é模").mkdir()
    shutil.copytree(tmp_path / paths[0], tmp_path / "é模" / "r")
    told = {
        style: output_of(
            *("compare", "é模/r", *paths, "--format", style), cwd=tmp_path, PYTHONIOENCODING=encoding
        )
        for style in ("table", "json", "csv", "markdown")
    }
    assert rb"\u6a21" in told["table"]
    assert b"??" in told["table"]
    assert json.loads(told["json"])[0]["run"] == "é模/r"
    assert output_of(*SIN, cwd=tmp_path, PYTHONIOENCODING=encoding).startswith(b"    step")
    assert evo("list", cwd=tmp_path, LC_ALL="C").returncode == 0


@pytest.mark.parametrize("redirection", [">&-", "2>&-", "<&-", ">&- 2>&- <&-", ">/dev/full", "2>/dev/full"])
def test_a_run_that_nobody_hears_of_is_completed(tmp_path: Path, redirection: str) -> None:
    """It leaves with its own exit code, and what it would have said is in none of its files."""
    done = redirected(redirection, *SIN, "--name", "r", cwd=tmp_path)
    assert done.returncode == 0
    said = "" if redirection not in (">&-", ">/dev/full") else "evo: warning: cannot write to stdout: "
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == bool(said)
    record = read_run(tmp_path / "runs" / "r")
    assert (record.status, record.steps) == ("completed", 5)
    assert len((tmp_path / "runs" / "r" / "losses.csv").read_bytes().splitlines()) == 6


@pytest.mark.parametrize(
    "arguments", [["compare", "r"], ["compare", "r", "--format", "json"], ["list"], ["--help"]], ids=" ".join
)
@pytest.mark.parametrize("redirection", [">&-", ">/dev/full"])
def test_a_result_that_cannot_be_written_is_a_failure(
    tmp_path: Path, arguments: list[str], redirection: str
) -> None:
    """One line on stderr and exit code 1, for a result is all that these commands have."""
    record_run(tmp_path, "r", [2.0, 1.0])
    for others, said in (("", 1), ("2>&-", 0)):
        done = redirected(f"{redirection} {others}", *arguments, cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (1, said)
        assert not said or done.stderr.startswith("evo: ")


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["compare", "r"]], ids=" ".join)
def test_a_reader_that_wants_nothing_is_no_failure(tmp_path: Path, arguments: list[str]) -> None:
    """What `head` does to a result is what it was asked for: no line, and exit code 0."""
    record_run(tmp_path, "r", [2.0, 1.0])
    done = redirected("> >(exec <&-); exit $?", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_markup_is_text(tmp_path: Path) -> None:
    """Words in brackets, which rich would take for a style, are shown as they are."""
    run_at(tmp_path, "[red]x[")
    output, code = terminal_output("compare", "[red]x[", cwd=tmp_path)
    assert code == 0
    assert "[red]x[" in output
    table = COMPARISON_FORMATS["markdown"](compare([read_run(tmp_path / "[red]x[")]))
    assert "[red]x[" in table
    assert markdown_table(["a|b"], [["c"]]).splitlines()[0] == r"| a\|b |"
