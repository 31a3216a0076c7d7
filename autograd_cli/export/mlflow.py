"""MLflow's SQLite store: parameters, the loss of every step, tags, and the files of each run.

`mlflow ui --backend-store-uri sqlite:///DIR/mlflow.db` shows it.
"""

import logging
import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from autograd_cli.contract.keys import show
from autograd_cli.errors import ConfigError
from autograd_cli.export.folder import cannot_write, claim, library, names_of, rows_of
from autograd_cli.runs.record import RunRecord

_STATUS = {"completed": "FINISHED", "csv": "FINISHED", "running": "RUNNING", "interrupted": "KILLED"}
_LARGEST = 1.7976931348623157e308
_EXPERIMENT = "evo"
_AT_ONCE = 100

_METRIC = ("run_uuid", "key", "timestamp", "step", "value", "is_nan")
# MLflow's tables and their columns that a run has rows in, those that others refer to first.
_COLUMNS = {
    "runs": (
        "run_uuid",
        "name",
        "source_type",
        "source_name",
        "user_id",
        "status",
        "start_time",
        "end_time",
        "lifecycle_stage",
        "artifact_uri",
        "experiment_id",
    ),
    "tags": ("run_uuid", "key", "value"),
    "params": ("run_uuid", "key", "value"),
    "metrics": _METRIC,
    "latest_metrics": _METRIC,
}


def to_mlflow(records: Sequence[RunRecord], output: Path) -> int:
    """Write runs into `mlflow.db` of a folder, and their files beside it; how many are new or have changed.

    MLflow makes the store and its experiment. Rows are written through its tables and not by its client,
    which takes half a second for a run. A run has the same id in every export; one that has changed since is
    replaced. A transaction holds `_AT_ONCE` runs, whose files are there before it ends: whatever stops an
    export, the store holds whole runs only, and the next export goes on after them.

    Raises:
        ConfigError: MLflow is not installed, or the folder is not one for this, or cannot be written.
        RunError: a run's losses cannot be read.

    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nothing here is told to anybody
    errors = library("sqlalchemy", "mlflow").exc
    library("alembic", "mlflow")
    stores = library("mlflow.store.tracking.sqlalchemy_store", "mlflow")
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    claim(output, "mlflow")
    files = output.resolve() / "artifacts"
    try:
        store = stores.SqlAlchemyStore(f"sqlite:///{output.resolve() / 'mlflow.db'}", str(files))
        experiment = store.get_experiment_by_name(_EXPERIMENT)
        place = int(experiment.experiment_id if experiment else store.create_experiment(_EXPERIMENT))
        with store.engine.begin() as connection:
            known = _states(connection)
        runs = _changed(records, known, files / str(place))
        count = 0
        while batch := list(islice(runs, _AT_ONCE)):
            # Read and copied before the store is locked for everybody else.
            rows = [_rows_of(run, place) for run in batch]
            for run in batch:
                _copy_files(run.record, run.kept, output)
            with store.engine.begin() as connection:
                _forget(connection, [run.who for run in batch if run.who in known])
                for table, columns in _COLUMNS.items():
                    _insert(connection, table, columns, [row for one in rows for row in one[table]])
            count += len(batch)
        store.engine.dispose()
    except (errors.SQLAlchemyError, stores.MlflowException) as error:
        told = " ".join(str(error).split())[:200]
        raise ConfigError(f"output: cannot write '{output}': {told}", key="output") from error
    return count


@dataclass(frozen=True)
class _Changed:
    """A run that is to be written: its name and id in the store, its state, and where its files are kept."""

    record: RunRecord
    name: str
    who: str
    state: str
    kept: Path


def _states(connection: Any) -> dict[str, str | None]:
    """The state of each run in the store, by its id."""
    asked = (
        "SELECT runs.run_uuid, tags.value FROM runs "
        "LEFT JOIN tags ON tags.run_uuid = runs.run_uuid AND tags.key = 'evo.state'"
    )
    return dict(map(tuple, connection.exec_driver_sql(asked)))


def _changed(
    records: Sequence[RunRecord], known: Mapping[str, str | None], files: Path
) -> Iterator[_Changed]:
    for record, name in zip(records, names_of(records), strict=True):
        who = sha256(f"{name} {record.config_digest} {record.started_at}".encode()).hexdigest()[:32]
        # What makes another row of the same run necessary: more losses, another end, another note.
        state = f"{record.status} {record.steps} {record.finished_at} {record.note}"
        if known.get(who) != state:
            yield _Changed(record, name, who, state, files / who / "artifacts")


def _forget(connection: Any, runs: Sequence[str]) -> None:
    for table in reversed(_COLUMNS):
        for who in runs:
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE run_uuid = ?", (who,))  # noqa: S608 - `_COLUMNS` has them


def _insert(connection: Any, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """By the driver itself: SQLAlchemy looks at each value of half a million rows."""
    if rows:
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 - `_COLUMNS` has them
        connection.exec_driver_sql(statement, rows)


def _rows_of(run: _Changed, experiment: int) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of a run in each table, as `_COLUMNS` names them."""
    record, who = run.record, run.who
    start_ms = _start_ms(record.started_at) or 0
    status = _STATUS.get(record.status, "FAILED")
    tags = {
        "mlflow.runName": run.name,
        "mlflow.note.content": record.note,
        "evo.state": run.state,
        "evo.status": record.status,
        "evo.run": record.path,
        "evo.sweep": record.sweep,
        "evo.result": record.result,
        "evo.reason": record.reason,
    }
    end_ms = _start_ms(record.finished_at)
    metrics = [
        (
            who,
            "loss",
            start_ms + round(1000 * (elapsed_s or 0.0)),
            step,
            # As MLflow keeps what is no number, and what has none.
            0.0 if math.isnan(loss) else max(-_LARGEST, min(loss, _LARGEST)),
            math.isnan(loss),
        )
        for step, loss, elapsed_s in rows_of(record)
    ]
    return {
        "runs": [
            (who, run.name, "LOCAL", "evo", "", status, start_ms, end_ms, "active", str(run.kept), experiment)
        ],
        "tags": [(who, key, value[:5000]) for key, value in tags.items() if value],
        "params": [(who, key, show(value)) for key, value in record.config.items()],
        "metrics": metrics,
        "latest_metrics": metrics[-1:],
    }


def _start_ms(time: str | None) -> int | None:
    try:
        return round(1000 * datetime.fromisoformat(time or "").timestamp())
    except ValueError:
        return None


def _copy_files(record: RunRecord, kept: Path, output: Path) -> None:
    """The run's files, as MLflow's artifacts."""
    run = Path(record.path)
    try:
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        for path in [run] if record.status == "csv" else sorted(run.iterdir()):
            if path.is_file() and not path.name.startswith("."):
                shutil.copyfile(path, kept / path.name)
    except OSError as error:
        raise cannot_write(output, error) from error
