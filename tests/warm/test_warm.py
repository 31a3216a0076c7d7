"""The same command, cold and forked from a warm process: nobody can tell, but from the clock."""

import re
from pathlib import Path

SIN = ("train", "--task", "sin", "--impl", "numpy")
LONG = (*SIN, "steps=1e7", "--name", "r")

# What differs between two runs of one command: moments, durations, processes, unique names, and who is warm.
_VARIES = re.compile(
    r"\d{8}T\d{6}Z|-[0-9a-f]{8}\b|\d+(\.\d+)? ?(ns|µs|us|ms|s|min)\b|[\d.]+ (steps|runs)/s"
    r'|"(pid|elapsed_s|started_at|finished_at|losses.csv|start|path|best_run)": [^,\n]+,?|\d{2}:\d{2}:\d{2}'
)


def _plain(text: str) -> list[str]:
    lines = [_VARIES.sub("…", line).strip() for line in text.replace("\r", "\n").splitlines()]
    return [" ".join(line.split()[:-1]) if re.match(r"\d+ +\S+ +[\d.]+$", line) else line for line in lines]


def _files(folder: Path) -> dict[str, object]:
    """The content of all files in `folder`, but for what varies."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            name = _VARIES.sub("…", str(path.relative_to(folder)))
            if path.name == "losses.csv":
                found[name] = [line.rpartition(",")[0] for line in path.read_text().splitlines()]
            elif path.suffix == ".npz":
                found[name] = path.read_bytes()
            else:
                found[name] = [line for line in _plain(path.read_text()) if line not in ("…", "")]
    return found
