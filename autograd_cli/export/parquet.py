"""Parquet: `runs.parquet` with a row a run, and `losses.parquet` with a row a step. See docs/SCHEMA.md."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograd_cli.compare.schema import SCHEMA_VERSION, columns_of, row_of, run_columns
from autograd_cli.contract.keys import show
from autograd_cli.export.folder import cannot_write, claim, library, rows_of
from autograd_cli.runs.record import RunRecord


def to_parquet(records: Sequence[RunRecord], output: Path) -> int:
    """Write runs and their losses; how many runs are new in the folder.

    Rows of the same runs are replaced, and those of others stay.

    Raises:
        ConfigError: pyarrow is not installed, or the folder is not one for this, or cannot be written.
        RunError: a run's losses cannot be read.

    """
    arrow = library("pyarrow", "parquet")
    files = library("pyarrow.parquet", "parquet")
    claim(output, "parquet")
    runs = _runs_table(arrow, records)
    try:
        before = _others(arrow, files, output / "runs.parquet", set())
        known = set(before.column("run").to_pylist()) if before is not None else set()
        paths = {record.path for record in records}
        for name, table in (("runs", runs), ("losses", _losses_table(arrow, records))):
            place = output / f"{name}.parquet"
            others = _others(arrow, files, place, paths)
            tables = [others, table] if others is not None and others.num_rows else [table]
            whole = arrow.concat_tables(tables, promote_options="default")
            beside = output / f".{name}.parquet.part"
            files.write_table(whole, beside)
            beside.replace(place)
    except OSError as error:
        raise cannot_write(output, error) from error
    return len(paths - known)


def _others(arrow: Any, files: Any, path: Path, replaced: set[str]) -> Any:
    """The rows of a file, less those of runs that are written again; None if there is no such file."""
    if not path.exists():
        return None
    table = files.read_table(path)
    kept = [run not in replaced for run in table.column("run").to_pylist()]
    return table.filter(arrow.array(kept, arrow.bool_()))


def _runs_table(arrow: Any, records: Sequence[RunRecord]) -> Any:
    types = {str: arrow.string(), int: arrow.int64(), float: arrow.float64(), bool: arrow.bool_()}
    fixed = run_columns()
    columns = columns_of(records)
    rows = [row_of(record, [*columns, "curve"]) for record in records]
    arrays = {}
    for name in columns:
        values = [row[name] for row in rows]
        kinds = {type(value) for value in values if value is not None}
        kind = fixed.get(name) or (kinds.pop() if len(kinds) == 1 else str)
        if kind is str:
            values = [value if value is None or type(value) is str else show(value) for value in values]
            values = [None if v is None else v.encode(errors="replace").decode() for v in values]
        arrays[name] = arrow.array(values, types[kind])
    arrays["curve"] = arrow.array([row["curve"] for row in rows], arrow.list_(arrow.float64()))
    return arrow.table(arrays).replace_schema_metadata({"evo.schema_version": str(SCHEMA_VERSION)})


def _losses_table(arrow: Any, records: Sequence[RunRecord]) -> Any:
    parts = []
    for record in records:
        rows = list(rows_of(record))
        steps, losses, elapsed_s = zip(*rows, strict=True) if rows else ((), (), ())
        run = record.path.encode(errors="replace").decode()
        columns = {
            "run": arrow.array([run] * len(rows), arrow.string()),
            "step": arrow.array(steps, arrow.int64()),
            "loss": arrow.array(losses, arrow.float64()),
            "elapsed_s": arrow.array(elapsed_s, arrow.float64()),
        }
        parts.append(arrow.table(columns))
    return arrow.concat_tables(parts)
