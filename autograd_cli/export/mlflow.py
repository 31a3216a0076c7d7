"""MLflow's SQLite store: parameters, the loss of every step, tags, and the files of each run.

`mlflow ui --backend-store-uri sqlite:///DIR/mlflow.db` shows it.
"""

import logging
import math
import os
import shutil
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from autograd_cli.contract.keys import show
from autograd_cli.export.folder import cannot_write, claim, library, names_of, rows_of
from autograd_cli.runs.record import RunRecord

_STATUS = {"completed": "FINISHED", "csv": "FINISHED", "running": "RUNNING", "interrupted": "KILLED"}
_LARGEST = 1.7976931348623157e308
_EXPERIMENT = "evo"


def to_mlflow(records: Sequence[RunRecord], output: Path) -> int:
    """Write runs into `mlflow.db` of a folder, and their files beside it; how many are new or have changed.

    MLflow makes the store and its experiment. Rows are written through its tables and not by its client,
    which takes half a second for a run. A run has the same id in every export; one that has changed since is
    replaced, each in a transaction of its own.

    Raises:
        ConfigError: MLflow is not installed, or the folder is not one for this, or cannot be written.
        RunError: a run's losses cannot be read.

    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # nothing here is told to anybody
    library("sqlalchemy", "mlflow")
    library("alembic", "mlflow")
    stores = library("mlflow.store.tracking.sqlalchemy_store", "mlflow")
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    claim(output, "mlflow")
    files = output.resolve() / "artifacts"
    store = stores.SqlAlchemyStore(f"sqlite:///{output.resolve() / 'mlflow.db'}", str(files))
    experiment = store.get_experiment_by_name(_EXPERIMENT)
    place = int(experiment.experiment_id if experiment else store.create_experiment(_EXPERIMENT))
    count = 0
    for record, name in zip(records, names_of(records), strict=True):
        who = sha256(f"{name} {record.config_digest} {record.started_at}".encode()).hexdigest()[:32]
        kept = files / str(place) / who / "artifacts"
        with store.ManagedSessionMaker() as session:
            if _write(session, record, name, who, place, kept):
                count += 1
                _copy_files(record, kept, output)
    store.engine.dispose()
    return count


def _write(session: Any, record: RunRecord, name: str, who: str, place: int, kept: Path) -> bool:
    """The rows of a run; False if they are there already."""
    from mlflow.store.tracking.dbmodels import models
    from sqlalchemy import delete, insert

    # What makes another row of the same run necessary: more losses, another end, another note.
    state = f"{record.status} {record.steps} {record.finished_at} {record.note}"
    tags = {
        "mlflow.runName": name,
        "mlflow.note.content": record.note,
        "evo.state": state,
        "evo.status": record.status,
        "evo.run": record.path,
        "evo.sweep": record.sweep,
        "evo.result": record.result,
        "evo.reason": record.reason,
    }
    known = session.get(models.SqlTag, ("evo.state", who))
    if known is not None and known.value == state:
        return False
    for table in (models.SqlMetric, models.SqlLatestMetric, models.SqlParam, models.SqlTag):
        session.execute(delete(table).where(table.run_uuid == who))
    session.execute(delete(models.SqlRun).where(models.SqlRun.run_uuid == who))
    start_ms = _start_ms(record.started_at) or 0
    row = {
        "run_uuid": who,
        "name": name,
        "source_type": "LOCAL",
        "source_name": "evo",
        "user_id": "",
        "status": _STATUS.get(record.status, "FAILED"),
        "start_time": start_ms,
        "end_time": _start_ms(record.finished_at),
        "lifecycle_stage": "active",
        "artifact_uri": str(kept),
        "experiment_id": place,
    }
    session.execute(insert(models.SqlRun), [row])
    written = [{"run_uuid": who, "key": key, "value": value[:5000]} for key, value in tags.items() if value]
    session.execute(insert(models.SqlTag), written)
    params = [{"run_uuid": who, "key": key, "value": show(value)} for key, value in record.config.items()]
    if params:
        session.execute(insert(models.SqlParam), params)
    metrics = [
        {
            "run_uuid": who,
            "key": "loss",
            "timestamp": start_ms + round(1000 * (elapsed_s or 0.0)),
            "step": step,
            # As MLflow keeps what is no number, and what has none.
            "value": 0.0 if math.isnan(loss) else max(-_LARGEST, min(loss, _LARGEST)),
            "is_nan": math.isnan(loss),
        }
        for step, loss, elapsed_s in rows_of(record)
    ]
    if metrics:
        session.execute(insert(models.SqlMetric), metrics)
        session.execute(insert(models.SqlLatestMetric), metrics[-1:])
    return True


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
