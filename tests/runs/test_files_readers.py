"""Readers of files that anybody may have made: pipes, devices, bombs, names, and numbers past all bounds."""

import io
import json
import os
import subprocess
import sys
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from autograd_cli.errors import ConfigError
from autograd_cli.runs.weights import read_weights
from tests.faulty import ROOT, told
from tests.helpers import record_run

# Every reader in turn meets a file that never ends, in 700 MiB of address space beyond its own.
ENDLESS = """
import os, resource, sys
from pathlib import Path
from tests.faulty import told
from tests.helpers import record_run
import autograd_cli.predict.model, autograd_cli.sweep.sweep
room = 700 * 2**20 + int(open("/proc/self/statm").read().split()[0]) * 4096
resource.setrlimit(resource.RLIMIT_AS, (room, room))
kind = sys.argv[1]
def put(path):
    path = Path(path)
    path.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        with path.open("wb") as file:
            file.truncate(2**33)
    return path
for file in ("run.json", "losses.csv", "config.yaml"):
    run = Path(record_run(Path("runs"), file, [2.0, 1.0]).path)
    if file == "losses.csv":
        text = (run / "run.json").read_text().replace('"completed"', '"running"').split('"files"')[0]
        text = text.replace('"finished_at"', '"was"').rstrip().rstrip(",") + "}"
        (run / "run.json").write_text(text)
    put(run / file)
    if file != "config.yaml":
        print(*told("compare", run))
    print(*told("predict", run, "1"))
    print(*told("train", "--config", run, "-q", "--runs-dir", "out", "steps=1"))
good = Path(record_run(Path("runs"), "good", [2.0]).path)
put(good / "weights.npz")
print(*told("predict", good, "1"))
for name in ("x.yaml", "x.csv", "x.npy"):
    put(name)
print(*told("compare", "x.csv"))
print(*told("compare", good, "--baseline", "x.csv"))
print(*told("train", "--config", "x.yaml"))
print(*told("sweep", "x.yaml"))
print(*told("predict", good, "--input", "x.csv"))
print(*told("predict", good, "--input", "x.npy"))
"""


@pytest.mark.parametrize("kind", ["pipe", "device", "sparse"])
def test_no_reader_waits_for_the_end_of_what_has_none(tmp_path: Path, kind: str) -> None:
    """A named pipe, a device and eight gigabytes of zeros are refused in a line, inside a run or outside."""
    done = subprocess.run(
        [sys.executable, "-c", ENDLESS, kind],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    told_of_it = [line for line in said if line.startswith(("1 ", "2 "))]
    assert len(told_of_it) >= 13, done.stdout
    assert "Traceback" not in done.stdout
    if kind != "sparse":
        assert sum("not a regular file" in line for line in said) >= 9


@pytest.fixture
def sizes() -> dict[str, tuple[int, ...]]:
    """The parameters of a model."""
    return {"a": (), "b": (3,)}


def packed(**members: bytes) -> bytes:
    """An archive of compressed members."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def npy(array: object) -> bytes:
    """An array as NumPy saves it."""
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(array))
    return buffer.getvalue()


def claiming(shape: str) -> bytes:
    """A header for an array that is not there."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


@pytest.mark.parametrize(
    "bomb",
    [
        npy(np.zeros(2**21)),
        claiming("(1099511627776,)"),
        claiming("(3,)"),
        b"\x93NUMPY\x02\x00\xff\xff\xff\x7f" + bytes(2**24),
        bytes(2**24),
    ],
    ids=["large", "claims", "short", "header", "zeros"],
)
def test_a_bomb_is_not_unpacked(tmp_path: Path, sizes: dict[str, tuple[int, ...]], bomb: bytes) -> None:
    """No member of weights.npz is read that is larger than the model's array; little memory is taken."""
    (tmp_path / "weights.npz").write_bytes(packed(a=npy(1.0), b=bomb))
    tracemalloc.start()
    try:
        with pytest.raises(ConfigError):
            read_weights(tmp_path, sizes)
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("order", ["C", "F"])
def test_weights_of_any_origin_are_read(tmp_path: Path, order: str) -> None:
    """Compressed, and by columns as well."""
    array = np.asarray(np.arange(6.0).reshape(2, 3), order=order)  # type: ignore[call-overload]
    np.savez_compressed(tmp_path / "weights.npz", w=array)
    read = read_weights(tmp_path, {"w": (2, 3)})["w"]
    assert read.tolist() == array.tolist()
    read[0, 0] = 7.0  # they are the caller's own


COMMANDS = [
    ("train", "--config", "{}"),
    ("train", "--task", "sin", "--impl", "numpy", "--runs-dir", "{}"),
    ("train", "--task", "sin", "--impl", "{}.py:L"),
    ("train", "--task", "sin", "--impl", "numpy", "--name", "{}"),
    ("predict", "{}", "1"),
    ("predict", "{run}", "--input", "{}.csv"),
    ("predict", "{run}", "1", "--output", "{}.csv"),
    ("compare", "{}"),
    ("compare", "{run}", "--baseline", "{}"),
    ("sweep", "{}"),
    ("sweep", "--task", "sin", "--impl", "numpy", "--config", "{}"),
    ("sweep", "--task", "sin", "--impl", "numpy", "--runs-dir", "{}"),
    ("sweep", "--task", "sin", "--impl", "numpy", "--runs-dir", "{}", "--dry-run"),
    ("verify", "--task", "sin", "--impl", "{}.py:L", "--quick"),
]


def filled(words: tuple[str, ...], name: object, run: object) -> list[str]:
    """A command line with a name in its place."""
    return [word.replace("{run}", str(run)).replace("{}", str(name)) for word in words]


# Every command with a name in its place; first with one that is merely not there, so that all is imported.
NAMED = """
import os, sys
from pathlib import Path
import numpy as np
from tests.faulty import told
from tests.helpers import record_run
from tests.runs.test_files_readers import COMMANDS, filled
run = record_run(Path("."), "run", [1.0]).path
np.savez("run/weights.npz", **dict.fromkeys("abcd", 0.5))
for words in COMMANDS:
    told(*filled(words, "none", run))
if sys.argv[1] == "closed/x":
    os.mkdir("closed", 0)
    if os.geteuid() == 0:
        os.chmod(".", 0o777)
        os.seteuid(65534)
for words in COMMANDS:
    if "--name" not in words or "/" not in sys.argv[1]:
        code, said = told(*filled(words, sys.argv[1], run))
        print(code, said.strip())
"""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("x" * 300, "File name too long"),
        ("circle/x", "Too many levels of symbolic links"),
        ("file/x", ""),
        ("closed/x", "Permission denied"),
    ],
)
def test_a_name_behind_which_nothing_can_be(tmp_path: Path, name: str, reason: str) -> None:
    """Too long, round in a circle, through a file or a closed folder: every command says so in one line."""
    (tmp_path / "file").write_text("step,loss\n")
    (tmp_path / "circle").symlink_to("circle")
    done = subprocess.run(
        [sys.executable, "-c", NAMED, name],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stdout
    lines = done.stdout.splitlines()
    refused = [line for line in lines if line.startswith(("1 evo: ", "2 evo: "))]
    assert len(refused) >= len(COMMANDS) - 2, done.stdout
    assert sum(reason in line for line in lines) >= len(COMMANDS) - 3, done.stdout


def test_numbers_past_all_bounds(tmp_path: Path) -> None:
    """Times and losses whose sums or hours are no float are shown, if as a dash, never as a traceback."""
    (tmp_path / "t.csv").write_text("step,loss,elapsed_s\n0,1,0\n1,1,1e999\n")
    (tmp_path / "n.csv").write_text("step,loss,elapsed_s\n0,1,0\n1,1,nan\n")
    for style in ("table", "json", "csv", "markdown"):
        assert told("compare", tmp_path / "t.csv", tmp_path / "n.csv", "--format", style) == (0, "")
    runs = [record_run(tmp_path, f"r{seed}", [1.7e308], seed=seed).path for seed in range(2)]
    runs.append(record_run(tmp_path, "r2", [-1.7e308], seed=2).path)
    for some in (runs[:2], runs[1:], runs):
        for style in ("table", "json", "csv", "markdown"):
            assert told("compare", *some, "--over", "seed", "--format", style) == (0, "")
    import autograd_cli as evo

    (row,) = evo.compare(runs[:2], over="seed").rows
    assert (row["mean"], row["std"]) == (1.7e308, 0.0)


def test_a_line_without_end(tmp_path: Path) -> None:
    """A CSV file whose line goes on for megabytes is none."""
    (tmp_path / "l.csv").write_text("step,loss\n0," + "1" * 2**21)
    code, said = told("compare", tmp_path / "l.csv")
    assert (code, f"{tmp_path / 'l.csv'}: not a CSV file" in said) == (1, True)


def test_reading_escapes_of_half_characters(tmp_path: Path) -> None:
    """A record with them may hold no number that JSON has not."""
    record_run(tmp_path, "r", [1.0])
    content = (tmp_path / "r" / "run.json").read_text()
    assert json.loads(content)["error"] is None
    for bad in ("1e999", "NaN", "9" * 5000, "[" * 3000):
        text = content.replace('"error": null', '"error": "\\udcff"').replace(
            '"elapsed_s": 0.0', f'"elapsed_s": {bad}'
        )
        assert bad in text
        (tmp_path / "r" / "run.json").write_text(text)
        code, said = told("compare", tmp_path / "r")
        assert code == 1
        assert "not valid JSON" in said
