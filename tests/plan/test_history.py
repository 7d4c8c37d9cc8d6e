"""Which rows a partition had before, from all that the ledger has of it."""

from __future__ import annotations

import datetime as dt

import pytest

from aggregator.core.names import TableName
from aggregator.core.warehouse import LedgerRow, Outcome
from aggregator.plan.history import way_back

START = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
OUTCOMES = {
    "b": Outcome.BUILT,
    "u": Outcome.UNCHANGED,
    "a": Outcome.ACCEPTED,
    "f": Outcome.FAILED,
    "r": Outcome.ROLLED_BACK,
}


def history(outcomes):
    """A row an hour; a query looks at its inputs ten minutes before its rows are there."""
    for number, letter in enumerate(outcomes):
        at = START + dt.timedelta(hours=number)
        read_at = at - dt.timedelta(minutes=10)
        yield LedgerRow(
            TableName("marts", "daily"), "2024-01-01", str(number), OUTCOMES[letter], "f", "[]", read_at, at
        )


@pytest.mark.parametrize(
    ("outcomes", "undone", "restored"),
    [
        pytest.param("bb", "1", "0", id="two builds"),
        pytest.param("bbb", "2", "1", id="the last of three"),
        pytest.param("bubfa", "2", "0", id="what wrote no rows is passed over"),
        pytest.param("bbbr", "1", "0", id="a second time, one further"),
        pytest.param("bbrb", "3", "0", id="what was taken away does not come back"),
        pytest.param("bbrub", "4", "0", id="built again, and again otherwise"),
        pytest.param("bbbrbr", "1", "0", id="one after the other"),
    ],
)
def test_the_way_back(outcomes, undone, restored):
    found = way_back(history(outcomes))

    assert found is not None
    assert (found.undone.run_id, found.restored.run_id) == (undone, restored)
    assert found.restored.written_at <= found.moment < found.undone.written_at


@pytest.mark.parametrize("outcomes", ["", "b", "fb", "buuf", "bbr", "ba"])
def test_there_is_no_way_back_from_the_first_rows(outcomes):
    assert way_back(history(outcomes)) is None
