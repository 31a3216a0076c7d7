"""Finding runs among thousands: how long `runs`, `compare`, completion and `export` take, and their memory.

python benchmarks/find.py [--repeats N] [--most N]        # writes FIND.md; takes some minutes
"""

import argparse
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from commands import make_runs
from measure import circumstances, evo, markdown, run_child, verdict

# Runs, and the limits of seconds and of 10^6 bytes; None where there is none.
SIZES: tuple[tuple[int, float, float | None], ...] = (
    (1000, 0.2, None),
    (10_000, 0.8, 100),
    (100_000, 10, 600),
)
EXPORT_S = 20

_REPORT = """\
# Found among thousands

Written by `python benchmarks/find.py`. Medians of whole processes with stdout on a pipe, each after one that
was not counted, of one folder whose runs differ in seed, rate, time and losses. Nothing is kept beside the
runs: each is read and its files are looked at every time. When it began, {load:.1f} processes wanted the
{cores} cores.

{circumstances}
{results}"""


def make_many(folder: Path, count: int) -> None:
    """A folder of completed runs: the first by evo's own writer, the others with other records."""
    import orjson  # a parent of children stays small

    first = Path(make_runs(folder.parent / "first", 500, 1)[0])
    files = {path.name: path.read_bytes() for path in first.iterdir() if path.name != "run.json"}
    record = orjson.loads((first / "run.json").read_bytes())
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    for i in range(count):
        one = folder / f"{begun + timedelta(seconds=i):%Y%m%dT%H%M%SZ}-sin-numpy-s{i % 10}-{i:08x}"
        one.mkdir(parents=True)
        record["config"] |= {"seed": i % 10, "lr": (1e-7, 2e-7, 5e-7, 1e-6)[i // 10 % 4]}
        record["started_at"] = (begun + timedelta(seconds=i)).isoformat(timespec="milliseconds")
        record["last_loss"] = 8.8 + i * 37 % count / count
        (one / "run.json").write_bytes(orjson.dumps(record, option=orjson.OPT_INDENT_2))
        for name, content in files.items():
            (one / name).write_bytes(content)


def measure(repeats: int, most: int) -> list[dict[str, Any]]:
    """Every figure with its limits."""
    results = []
    for count, limit_s, limit_mb in SIZES:
        if count > most:
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "runs")
            print(f"find: writing {count} runs", file=sys.stderr)
            _elsewhere(make_many, folder, count)
            for command in ("runs", "compare"):
                what = f"evo {command}, {count:,} runs"
                results.append(_measure(what, evo(command, str(folder)), repeats, limit_s, limit_mb))
            words = {"COMP_WORDS": f"evo compare {folder}/", "COMP_CWORD": "2"}
            asked = words | {"_EVO_COMPLETE": "complete_bash"}
            what = f"completion, {count:,} runs"
            results.append(_measure(what, evo(), repeats, limit_s, limit_mb, asked))
    with tempfile.TemporaryDirectory() as name:
        _elsewhere(make_runs, Path(name, "runs"), 500)
        for tool in ("tensorboard", "mlflow", "parquet"):
            export = evo("export", f"{name}/runs", "--to", tool, "--output", f"{name}/{tool}")
            what = f"evo export --to {tool}, 1,000 runs of 500 steps"
            results.append(_measure(what, export, 0, EXPORT_S, None))
    return results


def _elsewhere(function: Any, *arguments: Any) -> None:
    """Call it in another process: a child's peak memory begins with its parent's."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(function, *arguments).result()


def _measure(
    what: str,
    command: list[str],
    repeats: int,
    limit_s: float,
    limit_mb: float | None,
    environment: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Medians of some processes after one that is not counted; of none, the one."""
    children = [run_child(command, environment) for _ in range(repeats + 1)][min(repeats, 1) :]
    elapsed_s = median(child.elapsed_s for child in children)
    peak_mb = max(child.peak_mb for child in children)
    print(f"find: {what}: {elapsed_s:.3f} s, {peak_mb:.0f} MB", file=sys.stderr)
    holds = elapsed_s <= limit_s and (limit_mb is None or peak_mb <= limit_mb)
    return {"what": what, "s": elapsed_s, "mb": peak_mb, "limit": (limit_s, limit_mb), "holds": holds}


def report(results: list[dict[str, Any]], load: float) -> str:
    """The page."""
    rows = [
        (
            r["what"],
            f"{r['s']:.3g} s",
            f"{r['mb']:.0f} MB",
            f"{r['limit'][0]:g} s" + (f", {r['limit'][1]:g} MB" if r["limit"][1] else ""),
            verdict(r["holds"]),
        )
        for r in results
    ]
    facts = circumstances() | {name: _version(name) for name in ("tensorboard", "mlflow-skinny", "pyarrow")}
    return _REPORT.format(
        load=load,
        cores=os.cpu_count(),
        circumstances=markdown(("what", "value"), facts.items()),
        results=markdown(("what", "median", "peak memory", "limit", "holds"), rows),
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--most", type=int, default=100_000, help="runs in the largest folder")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    page = report(measure(arguments.repeats, arguments.most), load)
    Path(__file__).with_name("FIND.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
