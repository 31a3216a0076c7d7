"""A benchmark as a table, as CSV, as Markdown, as JSON, as bars and as curves of growth."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from autograd_cli.bench.record import Comparison, Content, Row
from autograd_cli.bench.statistics import LEAST_DIFFERENCE
from autograd_cli.bench.work import VERBS
from autograd_cli.compare.curves import Curve, Curves
from autograd_cli.contract.keys import real
from autograd_cli.display.figures import Bar
from autograd_cli.display.fitting import paragraph
from autograd_cli.display.tables import aligned, markdown_table
from autograd_cli.display.terminal import Terminal
from autograd_cli.display.text import json_text, shown
from autograd_cli.errors import ConfigError

Table = tuple[list[str], list[list[str]]]

# Of a table these columns are text, and all others numbers.
_WORDS = ("level", "verdict")
_LEGEND = (
    "Times are medians, in microseconds a step; ± is half of the 95 % interval; × is over the leanest level, "
    "gram aside; of floor: the share of a step that this machine's best rates would take; "
    "lines: of code, less imports."
)


def bench_table(content: Content, comparison: Comparison | None = None) -> str:
    """A table a task: what a step takes and of which verbs, the start of a level, its memory and its code."""
    width = Terminal.of_stdout().columns
    parts = [f"{shown(title)}\n{_aligned(table)}" for title, table in _tables(content, comparison)]
    legend = "\n".join(paragraph(_LEGEND, width or 110)) + "\n"
    return "\n".join([*parts, "".join([*_failures(content), legend, _rates(content)])])


def bench_markdown(content: Content, comparison: Comparison | None = None) -> str:
    """The same tables as Markdown."""
    return "\n".join(
        f"**{shown(title)}**\n\n{markdown_table(*table, frozenset(table[0]) - set(_WORDS))}"
        for title, table in _tables(content, comparison)
    )


def bench_csv(content: Content, comparison: Comparison | None = None) -> str:
    """A line a level and setting, seconds and bytes; empty where there is nothing."""
    rows = bench_rows(content, comparison)
    out = io.StringIO()
    writer = csv.DictWriter(
        out, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n"
    )
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def bench_json(content: Content, comparison: Comparison | None = None) -> str:
    """The content of the file, and with a comparison what it says of each row."""
    if comparison is None:
        return json_text(content)
    rows = [
        {**row, "against": verdict and vars(verdict)}
        for row, verdict in zip(content["rows"], comparison.verdicts, strict=True)
    ]
    return json_text({**content, "rows": rows, "notes": comparison.notes})


def bench_rows(content: Content, comparison: Comparison | None = None) -> list[dict[str, Any]]:
    """What is measured of each level and setting, flat, by names that programs read."""
    verdicts = comparison.verdicts if comparison else [None] * len(content["rows"])
    return [_flat(row, verdict) for row, verdict in zip(content["rows"], verdicts, strict=True)]


def _flat(row: Row, verdict: Any) -> dict[str, Any]:
    step, floor, startup = (row.get(name) or {} for name in ("step_s", "floor", "startup"))
    flat = {"task": row["task"], "impl": row["impl"], **row["varied"], "step_s": step.get("median")}
    flat |= {f"step_{name}_s": step.get(name) for name in ("lower_quartile", "upper_quartile", "low", "high")}
    flat |= {f"{verb}_s": (row.get("verbs_s") or {}).get(verb) for verb in VERBS}
    flat |= {name: (row.get(name) or {}).get("median") for name in ("over_leanest", "over_gram")}
    flat |= {"floor_s": floor.get("seconds"), "bound": floor.get("bound")}
    flat |= {"first_step_s": row.get("first_step_s")}
    flat |= {name: startup.get(name) for name in ("import_s", "setup_s", "peak_bytes")}
    flat |= {"lines": sum(row["lines"].values()) if row.get("lines") else None}
    if verdict:
        flat |= {"verdict": verdict.word, "ratio": verdict.ratio, "low": verdict.low, "high": verdict.high}
    return flat


def _tables(content: Content, comparison: Comparison | None) -> Iterator[tuple[str, Table]]:
    verdicts = comparison.verdicts if comparison else [None] * len(content["rows"])
    pairs = [(r, v) for r, v in zip(content["rows"], verdicts, strict=True) if "step_s" in r]
    for task in dict.fromkeys(row["task"] for row, _ in pairs):
        own = [(row, verdict) for row, verdict in pairs if row["task"] == task]
        # What a level has otherwise than the one above it is a column, whether it was varied or is its own.
        varied = list(dict.fromkeys(key for row, _ in own for key in row["varied"]))
        differing = [k for k in ("dtype", "threads", "device") if len({r["settings"][k] for r, _ in own}) > 1]
        varied += [key for key in differing if key not in varied]
        cells = {"level": [row["impl"].rpartition(":")[2] for row, _ in own]}
        cells |= {key: [str(row["settings"].get(key, "")) for row, _ in own] for key in varied}
        cells |= {name: [cell(row) for row, _ in own] for name, cell in _COLUMNS.items()}
        kept = {name: texts for name, texts in cells.items() if any(texts)}
        if comparison:
            kept["verdict"] = [_verdict(verdict) for _, verdict in own]
        yield (
            _title(task, own[0][0], varied),
            (list(kept), [list(line) for line in zip(*kept.values(), strict=True)]),
        )


def _title(task: str, row: Row, varied: Sequence[str]) -> str:
    same = [f"{key}={row['settings'][key]}" for key in ("dtype", "threads", "device") if key not in varied]
    sizes = [f"{k}={v}" for k, v in row["settings"].items() if k[:1].isupper() and k not in varied]
    return f"{task}: {' '.join([*sizes, *same])}"


def _us(seconds: float | None) -> str:
    """Microseconds in three digits, and no fewer before the point."""
    if seconds is None:
        return ""
    return f"{seconds * 1e6:.0f}" if seconds >= 100e-6 else f"{seconds * 1e6:.3g}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def _startup(name: str, scale: float, form: str) -> Callable[[Row], str]:
    return lambda row: format(row["startup"][name] * scale, form) if row.get("startup") else ""


def _ratio(name: str) -> Callable[[Row], str]:
    return lambda row: f"{row[name]['median']:.2f}" if row.get(name) else ""


_COLUMNS: Mapping[str, Callable[[Row], str]] = {
    "step": lambda row: _us(row["step_s"]["median"]),
    "±": lambda row: _percent((row["step_s"]["high"] - row["step_s"]["low"]) / 2 / row["step_s"]["median"]),
    **{verb: (lambda row, verb=verb: _us(row["verbs_s"].get(verb))) for verb in VERBS},  # type: ignore[misc]
    "×": _ratio("over_leanest"),
    "× gram": _ratio("over_gram"),
    "of floor": lambda row: (
        _percent(row["floor"]["seconds"] / row["step_s"]["median"]) if row["floor"] else ""
    ),
    "import s": _startup("import_s", 1, ".2f"),
    "set-up s": _startup("setup_s", 1, ".2f"),
    "1st step ms": lambda row: f"{row['first_step_s'] * 1e3:.3g}",
    "peak MB": _startup("peak_bytes", 1e-6, ".0f"),
    "lines": lambda row: str(sum(row["lines"].values())) if row["lines"] else "",
}


def _verdict(verdict: Any) -> str:
    if verdict is None:
        return "not measured then"
    return f"{verdict.word}: × {verdict.ratio:.2f} ({verdict.low:.2f} to {verdict.high:.2f})"


def _aligned(table: Table) -> str:
    header, rows = table
    return aligned(header, rows, frozenset(header) - set(_WORDS))


def _failures(content: Content) -> list[str]:
    return [
        f"{shown(row['task'])} / {shown(row['impl'])}: not measured: {shown(row['failure'])}\n"
        for row in content["rows"]
        if row.get("failure")
    ]


def _rates(content: Content) -> str:
    """What the machine did at its best, which floors are made of."""
    parts = [
        f"{rate['kind']} of {rate['framework']} {rate['dtype']} on {rate['threads']}: "
        f"{rate['per_s'] / 1e9:.3g} {'GFLOP' if rate['kind'] == 'product' else 'GB'}/s"
        for rate in content["rates"]
        if rate["kind"] == "product"
    ] + [
        f"copy of {rate['size'] / 2**20:.3g} MiB: {rate['per_s'] / 1e9:.3g} GB/s"
        for rate in content["rates"]
        if rate["kind"] == "copy"
    ]
    return "".join(f"{line}\n" for line in paragraph("; ".join(parts), Terminal.of_stdout().columns or 110))


def summary(content: Content, comparison: Comparison | None = None) -> str:
    """What has come of it, in a line."""
    count = sum("step_s" in row for row in content["rows"])
    if comparison is None:
        return f"{count} measured in {content['span_s']:.0f} s"
    words = [verdict.word for verdict in comparison.verdicts if verdict]
    told = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(sorted(words)))
    return f"{told}; a difference counts from {LEAST_DIFFERENCE:.0%} on"


def growth(content: Content) -> Curves | None:
    """Seconds a step against the one key that varies in numbers, a curve a level; None without such a key."""
    rows = [row for row in content["rows"] if "step_s" in row]
    keys = list(dict.fromkeys(key for row in rows for key in row["varied"]))
    numeric = [key for key in keys if all(_is_number(row["varied"].get(key)) for row in rows)]
    if not numeric:
        return None
    x = max(numeric, key=lambda key: len({row["varied"][key] for row in rows}))
    series: dict[str, list[Row]] = {}
    several = len({row["task"] for row in rows}) > 1
    for row in rows:
        words = [row["task"]] * several + [row["impl"].rpartition(":")[2]]
        words += [f"{key}={value}" for key, value in row["varied"].items() if key != x]
        series.setdefault(" ".join(words), []).append(row)
    lines = []
    for label, own in series.items():
        own.sort(key=lambda row: float(row["varied"][x]))
        times = {name: [row["step_s"][name] * 1e6 for row in own] for name in ("median", "low", "high")}
        xs = [float(row["varied"][x]) for row in own]
        lines.append(Curve(label, xs, times["median"], times["low"], times["high"]))
    title = f"time a step against {x}: {', '.join(dict.fromkeys(row['task'] for row in rows))}"
    return Curves(title, x, "µs a step", lines, caption="bands: 95 % intervals", has_points=True)


def bars(content: Content) -> tuple[dict[str, list[Bar]], str, str]:
    """A bar a level and setting, by task; a title and a caption."""
    groups: dict[str, list[Bar]] = {}
    for row in content["rows"]:
        if "step_s" not in row:
            continue
        median, low, high = (row["step_s"][name] * 1e6 for name in ("median", "low", "high"))
        label = " ".join([row["impl"].rpartition(":")[2], *(f"{k}={v}" for k, v in row["varied"].items())])
        groups.setdefault(row["task"], []).append(Bar(label, median, low, high, _us(median / 1e6)))
    machine = f"{content['machine']['cpu']}, {content['machine']['cores']} cores"
    return groups, "µs a step", f"medians with 95 % intervals; {machine}; {content['made_at'][:10]}"


def limit_of(text: str | None, against: str | None) -> float | None:
    """The ratio that `--fail-above` means: `10%` is 1.1.

    Raises:
        ConfigError: it is no percentage, or there is nothing to hold against.

    """
    if text is None:
        return None
    if against is None:
        raise ConfigError("fail_above: it needs --against FILE", key="fail_above")
    try:
        if (percent := real(text.strip().removesuffix("%"))) >= 0:
            return 1 + percent / 100
    except ValueError:
        pass
    raise ConfigError(f"fail_above: '{text}' is no percentage, such as 10%", key="fail_above")


def _is_number(text: Any) -> bool:
    try:
        float(text)
    except (TypeError, ValueError):
        return False
    return True


BENCH_FORMATS = {"table": bench_table, "json": bench_json, "csv": bench_csv, "markdown": bench_markdown}


@contextmanager
def progress() -> Iterator[Callable[[str, float], None]]:
    """A bar on stderr while it is a terminal; nothing otherwise."""
    import sys

    if not sys.stderr.isatty():
        yield lambda _what, _share: None
        return
    from rich.console import Console  # 60 ms that a pipe need not pay
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}", markup=False))
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda what, share: bar.update(task, completed=share, description=shown(what))
