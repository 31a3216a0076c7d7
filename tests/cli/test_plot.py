"""`evo plot`: pictures on terminals of every width, files by matplotlib, and one line for each mistake."""

import math
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

import autograd_cli as evo_
from autograd_cli.api.plot import learned
from autograd_cli.display.text import cells
from tests.helpers import evo, record_run, refused, train_run
from tests.screens import every_width, terminal

BRAILLE = re.compile("[\u2801-\u28ff]")
ENDINGS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}


@pytest.fixture
def runs(tmp_path: Path) -> list[str]:
    """Three learning rates and two seeds, one of the rates diverging."""
    for lr in (1e-3, 1e-2, 1.0):
        for seed in range(2):
            losses = [100 * math.exp(-lr * step) + seed for step in range(60)]
            record_run(
                tmp_path, f"r{lr}-{seed}", [5.0, 1e20, math.inf] if lr == 1 else losses, lr=lr, seed=seed
            )
    return [f"r{lr}-{seed}" for lr in (1e-3, 1e-2, 1.0) for seed in range(2)]


def drawn(*arguments: object, cwd: Path, columns: int = 80) -> list[str]:
    """The lines of a picture on a pipe."""
    done = evo("plot", *arguments, cwd=cwd, COLUMNS=str(columns))
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout.splitlines()


KINDS = {
    "curves": [],
    "groups": ["--over", "seed"],
    "finals": ["--x", "lr", "--over", "seed"],
    "grid": ["--x", "lr", "--y", "seed"],
}


@every_width
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_wider_than_the_terminal(tmp_path: Path, runs: list[str], kind: str, columns: int) -> None:
    """Every line of every picture has room, and no label is missing from it."""
    lines = drawn(*runs, *KINDS[kind], cwd=tmp_path, columns=columns)
    assert max(map(cells, lines)) <= columns
    text = "\n".join(lines)
    assert kind == "finals" or all(label in text for label in ("0.001", "0.01", "1"))
    assert "×" in text


@every_width
def test_a_terminal_shows_what_a_pipe_gets(tmp_path: Path, runs: list[str], columns: int) -> None:
    """In colours, and the very same characters: nothing wraps, and nothing is cut."""
    with terminal("plot", *runs, cwd=tmp_path, columns=columns, lines=60) as screen:
        assert screen.to_end() == 0
    on_pipe = evo("plot", *runs, cwd=tmp_path, COLUMNS=str(columns), LINES="60").stdout.splitlines()
    assert [line for line in screen.everything if line] == [line for line in on_pipe if line]


def test_labels_say_what_differs_and_stand_at_their_curves(tmp_path: Path) -> None:
    """The value of the one key that differs, beside the end of its curve: the larger loss higher."""
    for lr, end in ((1e-3, 1000.0), (1e-2, 1.0), (1e-1, 30.0)):
        record_run(tmp_path, f"r{lr}", [5000.0, end], lr=lr)
    lines = drawn("r0.001", "r0.01", "r0.1", cwd=tmp_path)
    assert lines[:2] == ["loss of sin / numpy by lr", "loss, log scale"]
    rows = {
        label: i
        for i, line in enumerate(lines)
        for label in ("0.001", "0.01", "0.1")
        if line.endswith(f" {label}")
    }
    assert rows["0.001"] < rows["0.1"] < rows["0.01"]


def test_a_loss_of_zero_stands_on_a_line_of_its_own(tmp_path: Path) -> None:
    """The lowest row is called 0, and the curve reaches it."""
    record_run(tmp_path, "r", [1.0, 0.1, 0.0])
    lines = drawn("r", cwd=tmp_path)
    (zero,) = [line for line in lines if line.lstrip().startswith("0 ┤")]
    assert BRAILLE.search(zero)
    assert lines[lines.index(zero) + 1].lstrip().startswith("└")


def test_many_runs_are_three_lines_and_a_shade(tmp_path: Path) -> None:
    """Sixty runs: best, median and worst by name, and how many there are."""
    for seed in range(60):
        record_run(tmp_path, f"r{seed}", [100.0, 10.0 + seed], seed=seed)
    text = "\n".join(drawn(*(f"r{seed}" for seed in range(60)), cwd=tmp_path))
    for said in ("best: 0", "worst: 59", "60 runs", "the middle half"):
        assert said in text


@pytest.mark.parametrize("name", ["[red]x", "a$b_{c}^2$", "<b>&", "a\x1b]0;t\x07b", "模型", "a\nb"])
def test_names_are_text_everywhere(tmp_path: Path, name: str) -> None:
    """Markup, formulas, escape sequences and other scripts are shown as they are by dots and by files."""
    for one in (name, "other"):
        record_run(tmp_path, "r", [2.0, 1.0])
        (tmp_path / "r").rename(tmp_path / one)
    text = "\n".join(drawn(name, "other", cwd=tmp_path))
    assert "\x1b" not in text
    assert name.encode("unicode_escape").decode().replace("\\u6a21\\u578b", "模型") in text or name in text
    done = evo("plot", name, "other", "--output", "x.svg", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    ET.fromstring((tmp_path / "x.svg").read_text())  # noqa: S314 - our own output


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_files(tmp_path: Path, runs: list[str], kind: str, theme: str) -> None:
    """Every kind of picture becomes each kind of file; the same runs give the same bytes of an SVG."""
    pytest.importorskip("matplotlib")
    for ending, magic in ENDINGS.items() if kind == "curves" else [("svg", b"<?xml")]:
        path = tmp_path / f"x.{ending}"
        path.write_text("what was there is replaced")
        done = evo("plot", *runs, *KINDS[kind], "--theme", theme, "--output", path, cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert path.read_bytes().startswith(magic)
    first = (tmp_path / "x.svg").read_bytes()
    evo("plot", *runs, *KINDS[kind], "--theme", theme, "--output", tmp_path / "x.svg", cwd=tmp_path)
    assert (tmp_path / "x.svg").read_bytes() == first


def test_a_fit_is_data_curve_and_residual(tmp_path: Path) -> None:
    """`--fit` draws the predictions of the run, and what is left; the formula stands below."""
    run = train_run(tmp_path, "sin", "numpy", N=50, steps=30)
    (fit,) = evo_.plot(run, fit=True).content  # type: ignore[misc]
    np.testing.assert_array_equal(fit.fitted, evo_.load(run)[0].predict(fit.x)[:, 0])
    np.testing.assert_allclose(fit.y, np.sin(fit.x), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(fit.residual, np.subtract(fit.y, fit.fitted))
    lines = drawn(run, "--fit", cwd=tmp_path)
    assert "x [rad]" in "\n".join(lines)
    assert lines[-1] == evo_.load(run)[0].result


@pytest.mark.parametrize(("task", "impl"), [("sin", "numpy"), ("linear", "optim")])
def test_a_gif_shows_the_run_as_it_was_recorded(tmp_path: Path, task: str, impl: str) -> None:
    """Trained again: the first frame has the first loss, the last one the final parameters, bit for bit."""
    run = train_run(tmp_path, task, impl, N=20, steps=12)
    loaded = evo_.load(run)[0]
    fits, captions = learned(loaded)
    assert captions[0].startswith(f"step 0 of 12; loss {loaded.losses[0]:.4g}; ")
    assert all(caption.endswith("the recorded losses, bit for bit") for caption in captions)
    assert fits[-1].formula == loaded.result
    np.testing.assert_array_equal(fits[-1].fitted, loaded.predict(fits[-1].x)[:, 0])
    if task == "sin":
        return
    image = pytest.importorskip("PIL.Image")
    assert evo("plot", run, "--fit", "--output", "f.gif", cwd=tmp_path).returncode == 0
    with image.open(tmp_path / "f.gif") as moving:
        assert moving.n_frames == len(fits)


def test_what_is_good_is_drawn(tmp_path: Path, runs: list[str]) -> None:
    """A torn file, a path that is none and a run without a step are a line each; the others are drawn."""
    (tmp_path / "torn.csv").write_text("step,loss\n0,1\n1,x")
    record_run(tmp_path, "empty", [])
    done = evo("plot", *runs, "torn.csv", "missing", "empty", cwd=tmp_path)
    assert done.returncode == 0
    assert BRAILLE.search(done.stdout)
    told = done.stderr.splitlines()
    assert len(told) == 3
    for word in ("torn.csv:3: not a step and a loss", "missing: no such run", "empty has no finite loss"):
        assert any(word in line for line in told)


def test_runs_in_memory_are_drawn() -> None:
    """What no directory holds has a picture, too, in a terminal's dots and for a notebook."""
    run = evo_.train("linear", "numpy", steps=20, runs_dir=None)
    plot = evo_.plot(run)
    assert BRAILLE.search(str(plot))
    assert BRAILLE.search(evo_.plot(run, fit=True).text(width=60, height=12))
    pytest.importorskip("matplotlib")
    assert "<svg" in (plot._repr_svg_() or "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "nothing to plot: none of the paths is a run"),
        (["r", "--output", "x.jpg"], "--output: 'x.jpg' ends in none of .svg, .png, .pdf, .gif"),
        (["r", "--output", "none/x.svg"], "--output: cannot write 'none/x.svg': no folder 'none'"),
        (["r", "--output", "x.gif"], "--output: a gif shows the fit of one run as it was learned"),
        (["r", "--theme", "drak"], "--theme: unknown theme 'drak'; did you mean 'dark'?"),
        (["r", "--x", "lrr"], "--x: unknown key 'lrr'; did you mean 'lr'?"),
        (["r", "--y", "lr"], "--y: a heat map needs both keys"),
        (["r", "--x", "lr", "--y", "lr"], "--y: a heat map has two different keys"),
        (["r", "--x", "lr", "--over", "lr"], "--x: 'lr' is in group_by or over, too"),
        (["r", "--over", "sed"], "--over: unknown key 'sed'; did you mean 'seed'?"),
        (["r", "--where", "lr=5"], "nothing to plot: none of 1 runs has lr=5; lr is 1e-06 (1)"),
        (["r", "line", "--fit"], "--fit: runs of one task at a time; these are of sin, linear"),
        (["r", "--fit", "--x", "lr"], "--x: a fit has x and y of its own"),
        (["net", "--fit"], "--fit: task softmax has no formula of a single x"),
        (["r", "--fit"], "r: it has no weights.npz"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes_are_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    """Exit 2, and nothing on stdout or in the folder."""
    record_run(tmp_path, "r", [2.0, 1.0])
    record_run(tmp_path, "line", [2.0, 1.0], task="linear")
    if "net" in arguments:
        train_run(tmp_path, "softmax", "numpy", "--name", "net", steps=2)
    before = sorted(tmp_path.iterdir())
    done = evo("plot", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr.splitlines()[-1]
    assert sorted(tmp_path.iterdir()) == before


def test_a_missing_extra_is_told_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without matplotlib a file is refused with the line that installs it; dots need none."""
    record_run(tmp_path, "r", [2.0, 1.0])
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    line = refused("plot", "r", "--output", "x.svg", cwd=tmp_path)
    assert line == "--output: svg needs matplotlib: pip install 'autograd-cli[plot]'"
    assert drawn("r", cwd=tmp_path)
    assert evo_.plot(tmp_path / "r")._repr_svg_() is None
