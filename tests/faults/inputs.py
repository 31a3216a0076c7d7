"""Files with flipped bits, and words on the command line that nobody means."""

import string
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import autograd_cli as evo
from autograd_cli.config.files import read_config_file
from autograd_cli.config.resolve import resolve
from autograd_cli.errors import EvoError
from autograd_cli.predict.model import load_model
from autograd_cli.runs.reader import read_run
from autograd_cli.runs.record import RunRecord
from autograd_cli.sweep.ledger import Index
from tests.faults.harness import Loss, Try, of_output
from tests.helpers import record_run

# --- files -------------------------------------------------------------------------------------------

FILES = ("losses.csv", "config.yaml", "run.json", "weights.npz")
# Changes of a file that one attempt makes, one after the other, each of the file as it was.
CHANGES = 100


def mutated(t: Try) -> Iterator[Loss]:
    """A file of a run with some bytes flipped, cut off, doubled, or replaced."""
    path = t.folder / "r"
    evo.train("sin", "numpy", steps=3, runs_dir=t.folder, name="r")
    for _ in range(CHANGES):
        name = t.dice.choice(FILES)
        content = (path / name).read_bytes()
        (path / name).write_bytes(_change(content, t))
        yield from read_every_way(path, f"{name} changed")
        (path / name).write_bytes(content)


def _change(content: bytes, t: Try) -> bytes:
    dice = t.dice
    data = bytearray(content)
    for _ in range(dice.choice([1, 1, 1, 2, 8])):
        at = dice.randrange(len(data) + 1)
        end = min(len(data), at + dice.choice([1, 2, 16, 1000]))
        how = dice.randrange(6)
        if how == 0 and at < len(data):
            data[at] ^= 1 << dice.randrange(8)
        elif how == 1:
            del data[at:]
        elif how == 2:
            del data[at:end]
        elif how == 3:
            data[at:at] = data[at:end]
        elif how == 4:
            data[at:end] = dice.randbytes(end - at)
        else:
            data[at:at] = dice.choice(
                [b"\x00", b"[" * 50, b"null", b"1e999", b"-", b"\x1b]0;x\x07", b"\xff", b"nan"]
            )
    return bytes(data)


def generated(t: Try) -> Iterator[Loss]:
    """A text file of a run with content that hypothesis has thought of, in the form of the file or not."""
    path = t.folder / "r"
    evo.train("sin", "numpy", steps=3, runs_dir=t.folder, name="r")
    found: list[Loss] = []
    cells = st.one_of(st.floats().map(repr), st.integers().map(str), st.text(max_size=5))
    rows = st.lists(st.tuples(cells, cells, cells).map(",".join), max_size=8).map("\n".join)
    keys = st.sampled_from(["task", "impl", "seed", "steps", "lr", "N", "levels", "dtype", "momentum"])
    values = st.one_of(st.none(), st.booleans(), st.floats(), st.integers(), st.text(max_size=8))
    pairs = st.dictionaries(keys, st.recursive(values, st.lists, max_leaves=4), max_size=8)
    record = st.fixed_dictionaries(
        {"status": st.sampled_from(["completed", "running", "failed", 3, None])},
        optional=dict.fromkeys(("steps", "curve", "config", "last_loss", "elapsed_s", "sweep"), values),
    )
    content = {
        "losses.csv": st.one_of(st.text(), rows.map("step,loss,elapsed_s\n{}".format)),
        "config.yaml": st.one_of(
            st.text(), pairs.map(lambda p: "".join(f"{k}: {v}\n" for k, v in p.items()))
        ),
        "run.json": st.one_of(st.text(), record.map(_json)),
    }

    @settings(
        max_examples=CHANGES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=t.number == 0,
    )
    @given(
        st.sampled_from(sorted(content)).flatmap(lambda name: content[name].map(lambda text: (name, text)))
    )
    def read(change: tuple[str, str]) -> None:
        name, text = change
        before = (path / name).read_bytes()
        (path / name).write_bytes(text.encode(errors="surrogateescape"))
        found.extend(read_every_way(path, f"{name} is {text[:200]!r}"))
        (path / name).write_bytes(before)

    read()
    yield from found


def _json(content: Any) -> str:
    import json

    return json.dumps(content)


def read_every_way(path: Path, how: str) -> Iterator[Loss]:
    """What breaks when a run is read in each way that commands read it."""

    def model() -> None:
        trained = load_model(path)
        trained.predict(np.zeros((1, trained.signature.inputs)))

    def table() -> None:
        shown = evo.compare([read_run(path)], sort="last_loss")
        texts = [shown.text(style) for style in ("table", "json", "csv", "markdown")]
        if any(char < " " and char != "\n" for char in texts[0] + texts[1] + texts[3]):
            raise AssertionError(f"a control character in {texts}")
        evo.compare([read_run(path)] * 2, group_by="lr", over="seed").text("table")

    def ended() -> None:
        _check_end(read_run(path))

    ways: dict[str, Callable[[], object]] = {
        "read": ended,
        "losses": lambda: evo.load(path)[0].losses,
        "csv": lambda: read_run(path / "losses.csv"),
        "config": lambda: resolve({}, read_config_file(path / "config.yaml")),
        "model": model,
        "table": table,
        "ledger": lambda: Index(path.parent).find("0" * 64),
    }
    for name, way in ways.items():
        try:
            way()
        except EvoError:
            continue
        except Exception as error:
            kind = "wrong completed" if isinstance(error, _WrongEndError) else "traceback"
            yield Loss(kind, f"{name}: {type(error).__name__}: {str(error)[:100]}; {how}")


class _WrongEndError(AssertionError):
    pass


def _check_end(record: RunRecord) -> None:
    """Refuse `completed` where losses or weights are fewer than when it was written."""
    path = Path(record.path)
    if record.status != "completed":
        return
    # Fewer bytes; what a flipped digit does to a number, nobody can tell without a second copy of it.
    sizes = {name: (path / name).stat().st_size for name in ("losses.csv", "weights.npz")}
    if record.steps == 3 and (sizes["losses.csv"] < 60 or sizes["weights.npz"] < 900):
        raise _WrongEndError(f"completed with files of {sizes} bytes")


# --- the command line --------------------------------------------------------------------------------

NONSENSE = (
    "",
    " ",
    "-",
    "--",
    "\x1b]0;x\x07",
    "a\nb",
    "9" * 5000,
    "1_0",
    "\N{ARABIC-INDIC DIGIT THREE}",
    "\N{FULLWIDTH DIGIT ONE}",
    "nan",
    "-1",
    "1e999",
    "\udcff",
    "a" * 300,
    "no/such/place",
    "r/run.json",
    "r/weights.npz",
    "r",
    ".",
    "..",
    "[red]{0}%s$(x)",
    "=",
    "lr=",
    "=1",
    "a=b=c",
    ",",
    "0..",
    "log:0:1:3",
    "\u202eabc",
    "\U0001f600",
)
# What makes a command complete, so that it is the one bad word that decides.
_BASE: dict[str, tuple[str, ...]] = {
    "train": ("--task", "sin", "--impl", "numpy", "steps=1"),
    "sweep": ("--task", "sin", "--impl", "numpy", "steps=1"),
    "warm": ("--status",),
    "list": (),
    "verify": ("--task", "sin", "--impl", "numpy", "--quick", "steps=1"),
    "bench": ("--task", "sin", "--impl", "numpy", "--quick", "--time", "0.1s"),
    "graph": ("--task", "sin", "--impl", "numpy"),
    "show": ("sin", "numpy"),
    "diff": ("sin", "numpy", "tensor"),
    "compare": ("r",),
    "plot": ("r",),
    "report": ("--runs", "r", "--output", "page.html"),
    "predict": ("r",),
    "runs": (),
    "note": ("r", "text"),
    "rm": ("r",),
    "export": ("r", "--to", "parquet", "--output", "exported"),
}


@cache
def bad_lines() -> tuple[tuple[str, ...], ...]:
    """Each option and argument of each command with each kind of nonsense, and mistyped options."""
    import typer.main

    from autograd_cli.cli.app import app

    group: Any = typer.main.get_command(app)
    lines = []
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        for parameter in command.params:
            option = max(parameter.opts, key=len)
            if parameter.param_type_name == "argument":
                lines += [(name, *_BASE[name], word) for word in NONSENSE]
                continue
            base = _without(option, _BASE[name])
            lines += [(name, *base, option[:-1]), (name, *base, f"{option}z"), (name, *base, option)]
            if not getattr(parameter, "is_flag", False):
                lines += [(name, *base, option, word) for word in NONSENSE]
                lines += [(name, *base, f"{option}={word}") for word in NONSENSE[:6]]
        lines += [(f"{name}x",), (name, "--", "--"), (name, "-" + string.ascii_letters)]
    # One changes the shell's own files, the other goes on until it is stopped.
    return tuple(line for line in lines if not {"--install-completion", "--follow"} & set(line))


def _without(option: str, words: tuple[str, ...]) -> tuple[str, ...]:
    if option not in words:
        return words
    at = words.index(option)
    return words[:at] + words[at + (1 if option == "--quick" else 2) :]


def bad_line(t: Try) -> Iterator[Loss]:
    """Every answer is a result, or one line and a documented exit code; never a traceback."""
    lines = bad_lines()
    line = lines[t.number * len(lines) // t.total]
    record_run(t.folder, "r", [2.0, 1.0])
    end = t.nursery.evo(*line, cwd=t.folder)
    said = [word if len(word) < 50 else f"{word[:20]}…" for word in line]
    for loss in of_output(end.code, end.err, [0, 1, 2, 3]):
        yield Loss(loss.kind, f"{said}: {loss.what}")
    if end.code == 2 and end.out:
        yield Loss("message", f"{said}: a mistake, but stdout has {end.out[:100]!r}")
    if len(end.err) > 10_000:
        yield Loss("message", f"{said}: {len(end.err)} characters of complaint")
    for path in (t.folder / "runs").glob("[!.]*") if end.code == 2 else []:
        yield Loss("no run", f"{said}: refused, but there is {path.name}")
