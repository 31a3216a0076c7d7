"""TensorBoard's event files: the loss of every step in float64, hyperparameters and status."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from autograd_cli.contract.keys import Value, show
from autograd_cli.export.folder import cannot_write, claim, library, names_of, rows_of
from autograd_cli.export.records import as_records
from autograd_cli.runs.disk import write_whole
from autograd_cli.runs.record import RunRecord

_ENDED_WELL = ("completed", "csv")


def to_tensorboard(records: Sequence[RunRecord], output: Path) -> int:
    """Write a folder with an event file for each run; how many are new or have changed.

    The same run gives the same bytes, and a file that a run has outgrown is replaced.

    Raises:
        ConfigError: TensorBoard is not installed, or the folder is not one for this, or cannot be written.
        RunError: a run's losses cannot be read.

    """
    library("tensorboard.plugins.hparams.metadata", "tensorboard")
    claim(output, "tensorboard")
    count = 0
    for record, name in zip(records, names_of(records), strict=True):
        content = as_records(list(_events(record)))
        start_s = int(_start_s(record))
        who = sha256(f"{record.config_digest} {record.started_at}".encode()).hexdigest()[:8]
        path = output / name / f"events.out.tfevents.{start_s}.evo.{who}"
        try:
            if path.exists() and path.read_bytes() == content:
                continue
            path.parent.mkdir(exist_ok=True)
            write_whole(path, content)
        except OSError as error:
            raise cannot_write(output, error) from error
        count += 1
    return count


def _start_s(record: RunRecord) -> float:
    try:
        return datetime.fromisoformat(record.started_at or "").timestamp()
    except ValueError:
        return 0.0


def _events(record: RunRecord) -> Iterator[bytes]:
    from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
    from tensorboard.plugins.hparams import api_pb2, metadata
    from tensorboard.plugins.hparams.plugin_data_pb2 import (
        HParamsPluginData,
        SessionEndInfo,
        SessionStartInfo,
    )

    def event(wall_time: float, tag: str, told: Any, tensor: Any, step: int = 0) -> Any:
        value = summary_pb2.Summary.Value(tag=tag, metadata=told, tensor=tensor)
        return event_pb2.Event(wall_time=wall_time, step=step, summary=summary_pb2.Summary(value=[value]))

    start_s = _start_s(record)

    def hidden(data: Any) -> Any:
        data.version = metadata.PLUGIN_DATA_VERSION
        content = _bytes(data)
        plugin = summary_pb2.SummaryMetadata.PluginData(plugin_name=metadata.PLUGIN_NAME, content=content)
        return summary_pb2.SummaryMetadata(plugin_data=plugin)

    yield _bytes(event_pb2.Event(wall_time=start_s, file_version="brain.Event:2"))
    begun = SessionStartInfo(start_time_secs=start_s)
    for key, value in (*record.config.items(), ("status", record.status)):
        _set(begun.hparams[key], value)
    told = hidden(HParamsPluginData(session_start_info=begun))
    yield _bytes(event(start_s, metadata.SESSION_START_INFO_TAG, told, metadata.NULL_TENSOR))
    told = summary_pb2.SummaryMetadata(
        plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="scalars"),
        data_class=summary_pb2.DATA_CLASS_SCALAR,
    )
    # As a scalar of 64 bits: the field for plain values has 32.
    shape = tensor_shape_pb2.TensorShapeProto()
    tensor = tensor_pb2.TensorProto(dtype=types_pb2.DT_DOUBLE, tensor_shape=shape, double_val=[0.0])
    # One event, given other numbers for each loss: ten are filled in while one is built.
    last_s, loss_event = start_s, event(start_s, "loss", told, tensor)
    value = loss_event.summary.value[0]
    number = value.tensor.double_val
    for step, loss, elapsed_s in rows_of(record):
        loss_event.wall_time = last_s = start_s + (elapsed_s or 0.0)
        loss_event.step, number[0] = step, loss
        yield _bytes(loss_event)
        value.ClearField("metadata")  # of a tag readers want it once
    status = api_pb2.STATUS_RUNNING if record.status == "running" else api_pb2.STATUS_FAILURE
    status = api_pb2.STATUS_SUCCESS if record.status in _ENDED_WELL else status
    ended = SessionEndInfo(status=status, end_time_secs=last_s)
    told = hidden(HParamsPluginData(session_end_info=ended))
    yield _bytes(event(last_s, metadata.SESSION_END_INFO_TAG, told, metadata.NULL_TENSOR))


def _bytes(message: Any) -> bytes:
    """A message with its maps in the order of their keys, so that the same run has the same bytes."""
    content: bytes = message.SerializeToString(deterministic=True)
    return content


def _set(field: Any, value: Value) -> None:
    """Give a hyperparameter its value; TensorBoard knows truths, numbers and words."""
    if isinstance(value, bool):
        field.bool_value = value
    elif isinstance(value, int | float):
        field.number_value = value
    else:
        field.string_value = show(value).encode(errors="replace").decode()
