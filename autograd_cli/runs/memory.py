"""Runs that are kept in memory alone."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from autograd_cli.contract.batch import Batch
from autograd_cli.contract.config import RunConfig
from autograd_cli.runs.losses import Summarizer
from autograd_cli.runs.record import RunRecord, Status
from autograd_cli.runs.writer import begin_record, end_record


class MemoryWriter:
    """A run that is kept in memory alone, in the form of a RunWriter."""

    def __init__(
        self,
        config: RunConfig,
        environment: dict[str, Any],
        model: str | None = None,
        source: bytes | None = None,
    ) -> None:
        self._summarizer = Summarizer()
        self.record = begin_record(config, environment, datetime.now(UTC), model=model, source=source)
        self.losses: list[float] = []
        self.elapsed_s: list[float] = []
        self.parameters: dict[str, Any] = {}

    def append(self, batch: Batch) -> None:
        """Keep the batch."""
        self.losses += batch.losses
        self.elapsed_s += batch.elapsed_s
        steps = range(batch.first_step, batch.first_step + len(batch.losses))
        self._summarizer.extend(steps, batch.losses, batch.elapsed_s)

    def finish(
        self,
        status: Status,
        parameters: Mapping[str, Any] | None = None,
        result: str | None = None,
        error: str | None = None,
    ) -> RunRecord:
        """Keep copies of the final parameters, and complete the record."""
        self.parameters = {name: array.copy() for name, array in (parameters or {}).items()}
        end_record(self.record, status, self._summarizer, result, error)
        return self.record

    def discard(self) -> None:
        """Forget a run that has not begun."""
