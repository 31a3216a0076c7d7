"""The quick half of the fault suite; `make faults` tries everything, many times."""

from collections.abc import Iterator

import pytest

from tests.faults.harness import Fault, Skipped
from tests.faults.nursery import Nursery
from tests.faults.table import FAULTS


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    """Where commands are cheap."""
    with Nursery() as one:
        yield one


@pytest.mark.parametrize(
    ("fault", "number"),
    [
        pytest.param(fault, number, id=f"{fault.name} {number}")
        for fault in FAULTS
        for number in range(fault.quick)
    ],
)
def test_nothing_is_lost(nursery: Nursery, fault: Fault, number: int) -> None:
    """No wrong or torn loss, no run lost or doubled, no false `completed`, no traceback, and no hang."""
    try:
        lost = fault.tried(number, fault.quick, nursery)
    except Skipped as reason:
        pytest.skip(str(reason))
    assert not lost
