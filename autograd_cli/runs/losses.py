"""losses.csv: how its lines are written, and how it, or any CSV with `step` and `loss`, is read."""

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path

import orjson

from autograd_cli.config.reading import lines_of, open_regular
from autograd_cli.errors import RunError

HEADER = b"step,loss,elapsed_s\n"

# A sparkline shows some twenty cells. While a run goes on, its sketch has once to twice as many points.
SKETCH_POINTS = 24

_BLOCK = 1024
_BLOCK_CHARACTERS = 2**16
_PLAIN = ({int}, {float}, {float})


def format_rows(first_step: int, losses: Sequence[float], elapsed_s: Sequence[float]) -> bytes:
    """CSV lines of consecutive steps; every number reads back as exactly the same float64.

    Only the last loss may be infinite or NaN. The lines are cut from a JSON array of arrays, because
    orjson formats floats several times faster than Python's own `repr`, which is felt in a loop whose
    step takes ten microseconds.
    """
    finite = len(losses)
    if losses and not math.isfinite(losses[-1]):
        finite -= 1
    rows = zip(range(first_step, first_step + finite), losses, elapsed_s, strict=False)
    text = orjson.dumps(list(rows))[2:-2].replace(b"],[", b"\n") + b"\n" if finite else b""
    if finite < len(losses):
        text += f"{first_step + finite},{losses[-1]!r},{elapsed_s[-1]!r}\n".encode()
    return text


def evenly(values: Sequence[float], count: int) -> list[float]:
    """At most `count` of the values, first and last among them, evenly spaced."""
    return [values[i] for i in _places(len(values), count)]


@lru_cache(maxsize=64)
def _places(total: int, count: int) -> list[int]:
    picked = min(count, total)
    return [i * (total - 1) // max(picked - 1, 1) for i in range(picked)]


class Sketch:
    """Evenly spaced points of a curve of unknown length, in memory that does not grow with it.

    Attributes:
        points: from `points` to twice as many of the values, the first among them, once there are as many.
        stride: how many values lie between two of them, the second included.

    """

    def __init__(self, points: int = SKETCH_POINTS) -> None:
        self.points: list[float] = []
        self.stride = 1
        self._most = 2 * points
        self._seen = 0

    def extend(self, values: Sequence[float]) -> None:
        """Take in the next values of the curve."""
        self.points.extend(values[-self._seen % self.stride :: self.stride])
        self._seen += len(values)
        while len(self.points) > self._most:
            del self.points[1::2]
            self.stride *= 2


@dataclass
class CurveSummary:
    """What a table needs to know of a loss curve; a loss that is not finite is None here.

    Attributes:
        steps: how many losses there are.
        first_loss: the loss of the first row.
        best_loss: the smallest finite loss.
        best_step: the first step that had it.
        last_loss: the loss of the last row.
        elapsed_s: seconds from the start of the loop to the last loss.
        first_step_s: seconds from there to the second loss: a step with all that only the first one does.
        diverged_step: the first step whose loss is not finite.

    """

    steps: int = 0
    first_loss: float | None = None
    best_loss: float | None = None
    best_step: int | None = None
    last_loss: float | None = None
    elapsed_s: float | None = None
    first_step_s: float | None = None
    diverged_step: int | None = None


class Summarizer:
    """Builds a CurveSummary and a Sketch from a loss curve that arrives in pieces."""

    def __init__(self) -> None:
        self.summary = CurveSummary()
        self._sketch = Sketch()

    @property
    def curve(self) -> list[float]:
        """Evenly spaced points of the curve so far, finite ones only, and always as few."""
        return evenly(self._sketch.points, SKETCH_POINTS)

    def extend(
        self, steps: Sequence[int], losses: Sequence[float], elapsed_s: Sequence[float | None] = ()
    ) -> None:
        """Take in the next rows, with the seconds of each if there are any."""
        s = self.summary
        if s.steps < 2 <= s.steps + len(losses) and elapsed_s:
            s.first_step_s = elapsed_s[1 - s.steps]
        finite = losses
        if not all(map(math.isfinite, losses)):
            bad = next(i for i, loss in enumerate(losses) if not math.isfinite(loss))
            if s.diverged_step is None:
                s.diverged_step = steps[bad]
            finite = [loss for loss in losses if math.isfinite(loss)]
        if s.steps == 0 and losses:
            s.first_loss = losses[0] if math.isfinite(losses[0]) else None
        s.steps += len(losses)
        if finite:
            best = min(finite)
            if s.best_loss is None or best < s.best_loss:
                s.best_loss, s.best_step = best, steps[losses.index(best)]
            self._sketch.extend(finite)
        if losses:
            s.last_loss = losses[-1] if math.isfinite(losses[-1]) else None
            if elapsed_s and elapsed_s[-1] is not None:
                s.elapsed_s = elapsed_s[-1]


def read_losses(path: Path, *, maybe_torn: bool = False) -> Iterator[tuple[int, float, float | None]]:
    """`step`, `loss` and, where there is such a column, `elapsed_s` of each row of a CSV file, one by one.

    Other columns are passed over, and with `maybe_torn` a last line without its newline as well: a killed
    writer leaves such a line behind, and nobody knows how many digits it lacks. A time that is not finite
    counts as none.

    Raises:
        RunError: the file cannot be read, or lacks a column, or a row holds something else than numbers.

    """
    try:
        with io.TextIOWrapper(open_regular(path), encoding="utf-8-sig", newline="") as file:
            lines = lines_of(file)
            yield from _rows(_whole_lines(lines) if maybe_torn else lines, path)
    except OSError as error:
        raise RunError(f"{path}: cannot read: {error.strerror}") from error
    except (ValueError, csv.Error) as error:
        raise RunError(f"{path}: not a CSV file") from error


def _whole_lines(file: Iterable[str]) -> Iterator[str]:
    return (line for line in file if line.endswith(("\n", "\r")))


def _rows(lines: Iterator[str], path: Path) -> Iterator[tuple[int, float, float | None]]:
    first = next(lines, "")
    if first.encode() != HEADER:
        yield from _any_rows(chain([first], lines), path)
        return
    passed = 0
    for block in _blocks(lines):
        rows = _plain_rows(block)
        if rows is None:
            yield from _any_rows(chain([first], block, lines), path, passed)
            return
        yield from rows
        passed += len(block)


def _blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    block, room = [], _BLOCK_CHARACTERS
    for line in lines:
        block.append(line)
        room -= len(line)
        if room < 0:
            yield block
            block, room = [], _BLOCK_CHARACTERS
    yield block


def _plain_rows(lines: Sequence[str]) -> Iterable[tuple[int, float, float]] | None:
    """Lines as `format_rows` writes them, read as the JSON that they were cut from, several times faster.

    None where they are anything else: what is not one row of an integer and two floats a line.
    """
    if not lines:
        return ()
    try:
        rows = orjson.loads(f"[[{'],['.join(lines)}]]")
        steps, losses, elapsed_s = zip(*rows, strict=True)
    except (ValueError, TypeError):
        return None
    kinds = set(map(type, steps)), set(map(type, losses)), set(map(type, elapsed_s))
    return zip(steps, losses, elapsed_s, strict=True) if kinds == _PLAIN and len(rows) == len(lines) else None


def _any_rows(lines: Iterable[str], path: Path, passed: int = 0) -> Iterator[tuple[int, float, float | None]]:
    """Rows of any CSV file; `passed` lines after the first one have been read before."""
    reader = csv.reader(lines)
    header = [name.strip().lower() for name in next(reader, [])]
    if "step" not in header or "loss" not in header:
        raise RunError(f"{path}: no columns 'step' and 'loss' in its first line")
    step_at, loss_at = header.index("step"), header.index("loss")
    elapsed_at = header.index("elapsed_s") if "elapsed_s" in header else None
    for row in reader:
        if not row:
            continue
        try:
            elapsed_s = float(row[elapsed_at]) if elapsed_at is not None and row[elapsed_at] else None
            if elapsed_s is not None and not math.isfinite(elapsed_s):
                elapsed_s = None
            read = _step(row[step_at]), float(row[loss_at]), elapsed_s
        except (ValueError, IndexError):
            shown = ",".join(row)[:80]
            place = f"{path}:{passed + reader.line_num}"
            raise RunError(f"{place}: not a step and a loss: '{shown}'") from None
        yield read


def _step(text: str) -> int:
    """A step, also as other tools write it: `12`, `12.0`."""
    try:
        return int(text)
    except ValueError:
        number = float(text)
    if not number.is_integer():
        raise ValueError(text)
    return int(number)


def summarize(rows: Iterable[tuple[int, float, float | None]]) -> Summarizer:
    """The summary of a whole file, read in blocks so that memory does not grow with its length."""
    summarizer = Summarizer()
    rows = iter(rows)
    while block := list(islice(rows, _BLOCK)):
        steps, losses, elapsed_s = zip(*block, strict=True)
        summarizer.extend(steps, losses, elapsed_s)
    return summarizer
