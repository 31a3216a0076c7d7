"""Command lines that mean nothing: one line each, and exit code 2."""

import subprocess
from pathlib import Path

import pytest

from autograd_cli.contract.keys import COMMON_KEYS, real, whole
from autograd_cli.errors import ConfigError, EvoError
from tests.helpers import evo, record_run, resolve_words
from tests.processes import command, environment

SIN = ("--task", "sin", "--impl", "numpy")
MANY = "1" * 5000


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", *SIN, "--config", ""],
        ["train", *SIN, "--runs-dir", ""],
        ["train", *SIN, "--runs-dir="],
        ["train", *SIN, "--name", ""],
        ["train", *SIN, "--steps", ""],
        ["sweep", *SIN, "--engine", ""],
        ["sweep", *SIN, "--config", ""],
        ["sweep", *SIN, "--scheduler", ""],
        ["verify", "--task", ""],
        ["verify", "--impl", ""],
        ["compare", "r", "--where", ""],
        ["compare", "r", "--baseline", ""],
        ["compare", ""],
        ["predict", ""],
        ["predict", "r", "--input", ""],
    ],
    ids=" ".join,
)
def test_an_empty_value_is_a_mistake(tmp_path: Path, arguments: list[str]) -> None:
    """It counts neither as not given nor as the folder where evo stands."""
    record_run(tmp_path, "r", [1.0])
    done = evo(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(": it is empty; leave it out or give it a value\n")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("text", ["1_0", "\u0663", "\N{FULLWIDTH DIGIT ONE}", "1_0.5", MANY])
def test_a_number_is_one_in_every_language(text: str) -> None:
    """What Python alone takes for a number, or nobody can count, is refused where numbers are read."""
    for key in ("steps", "lr", "seed"):
        with pytest.raises(ConfigError):
            resolve_words(["task=sin", "impl=numpy", f"{key}={text}"])
    with pytest.raises(ValueError, match="whole number"):
        whole(text)
    if text != MANY:
        with pytest.raises(ValueError, match=text):
            real(text)
    assert (whole("+5"), whole(" 5 "), real("-1e-3")) == (5, 5, -0.001)


def test_options_and_ranges_read_the_same_numbers(tmp_path: Path) -> None:
    """Workers, depths, ranges and repeats as well."""
    record_run(tmp_path, "r", [1.0])
    for arguments in (
        ["sweep", *SIN, "--workers", "1_0"],
        ["sweep", *SIN, "repeats=\u0663"],
        ["sweep", *SIN, f"repeats={MANY}"],
        ["sweep", *SIN, f"seed=0..{MANY}"],
        ["sweep", *SIN, "seed=0..\u0663"],
        ["sweep", *SIN, "lr=lin:0:1:1_0"],
        ["predict", "r", "--depth", "0_0"],
        ["predict", "r", "1_0"],
        ["verify", *SIN, "--tolerance", "1_0"],
    ):
        done = evo(*arguments, cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
        assert done.stderr.startswith("evo: ")
    assert not (tmp_path / "runs").exists()


def test_no_seed_beyond_what_a_configuration_takes(tmp_path: Path) -> None:
    """Repeats that would count past the largest seed are refused before anything trains."""
    largest = int(COMMON_KEYS["seed"].below or 0) - 1
    done = evo("sweep", *SIN, f"seed={largest}", "repeats=2", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"repeats is '2': seed={largest} leaves no 2 seeds" in done.stderr
    assert not (tmp_path / "runs").exists()
    assert evo("sweep", *SIN, f"seed={largest - 1}", "repeats=2", "--dry-run", cwd=tmp_path).returncode == 0


def test_a_long_value_is_shortened() -> None:
    """Of thousands of characters the message keeps the ends, and says how many there were."""
    with pytest.raises(ConfigError) as caught:
        resolve_words(["task=sin", "impl=numpy", f"N={MANY}"])
    message = str(caught.value)
    assert len(message) < 400
    assert "(5,003 characters)" in message
    assert "N is '1111" in message
    assert len(str(EvoError("a b " * 5000))) < 5000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "--stepz", "3"], "--stepz: evo train has no such option; did you mean '--steps'?"),
        (["--verison"], "--verison: evo has no such option; did you mean '--version'?"),
        (
            ["compare", "r", "--grop-by=lr"],
            "--grop-by: evo compare has no such option; did you mean '--group-by'?",
        ),
        (["trian"], "unknown command 'trian'; did you mean 'train'?"),
        (["train", "--steps"], "option '--steps' requires an argument; see 'evo"),
        (["sweep", "--workers", "x"], "--workers: 'x' is not a whole number"),
        (["compare"], "argument RUN: there is no folder 'runs' here; name runs, or a folder of them"),
        (["predict"], "missing argument"),
        (["list", "x"], "got unexpected extra argument"),
        (["compare", "--a\x1b]0;x\x07"], r"--a\x1b]0;x\x07: evo compare has no such option"),
        (["train", f"--{MANY}"], "--11111111"),
    ],
)
def test_a_mistake_of_the_parser_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    """In the form of every other mistake: what is wrong, the nearest that is right, and no usage above it."""
    done = evo(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"evo: {message}")
    assert len(done.stderr) < 500


def test_too_few_descriptors_are_told_in_a_line(tmp_path: Path) -> None:
    """A sweep that cannot open what it needs says so, and leaves no traceback."""
    line = " ".join(map(str, command("sweep", *SIN, "steps=3", "seed=0..3", "--engine", "processes")))
    done = subprocess.run(
        ["bash", "-c", f"ulimit -n 12; exec {line}"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "Too many open files" in done.stdout + done.stderr
