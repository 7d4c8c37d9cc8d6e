"""What fails says what BigQuery would say, and not how it is done here."""

from __future__ import annotations

import duckdb
import pytest
from ready_duckdb import prepared

from aggregator.engines.duckdb.dialect import to_duckdb
from aggregator.engines.duckdb.errors import failure

SAID = {
    "1 / 0": "division by zero",
    "NUMERIC '1' / 0": "division by zero",
    "DIV(1, 0)": "division by zero",
    "[1, 2][OFFSET(2)]": "array index out of bounds",
    "SQRT(-1)": "Argument to SQRT cannot be negative",
    "POW(-1, 0.5)": "Floating point error in function: POW",
    """CAST("it's 1 to 2" AS INT64)""": "Bad int64 value: it's 1 to 2",
    "CAST('maybe' AS BOOL)": "Bad bool value: maybe",
    "ERROR('no')": "no",
}


@pytest.fixture(scope="module")
def db():
    connection = prepared(duckdb.connect())
    yield connection
    connection.close()


@pytest.mark.parametrize(("sql", "said"), SAID.items())
def test_a_failure_says_what_is_wrong(db, sql, said):
    with pytest.raises(duckdb.Error) as raised:
        db.execute(to_duckdb(f"SELECT {sql}"))

    assert str(failure(raised.value)) == f"Invalid Input Error: {said}"
