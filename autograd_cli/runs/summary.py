"""What is kept of a run where there are many."""

from dataclasses import dataclass, fields

from autograd_cli.runs.record import RunRecord, Status


@dataclass(frozen=True, slots=True)
class RunSummary:
    """What a sweep keeps of each of its runs, of which there may be ten thousand.

    The fields are those of the record.

    Attributes:
        is_new: whether the sweep has made the run, and not found it.

    """

    status: Status
    path: str | None = None
    steps: int = 0
    last_loss: float | None = None
    best_loss: float | None = None
    elapsed_s: float | None = None
    reason: str | None = None
    is_new: bool = True

    @classmethod
    def of(cls, record: RunRecord, *, is_new: bool = True) -> "RunSummary":
        """The summary of a record."""
        names = [known.name for known in fields(cls) if known.name != "is_new"]
        known = {name: getattr(record, name) for name in names}
        return cls(**known | {"path": record.path or None}, is_new=is_new)
