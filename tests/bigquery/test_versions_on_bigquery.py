"""What INFORMATION_SCHEMA says of partitions, as versions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.diagnostics import Place, Word
from aggregator.core.project import Partitioning
from aggregator.core.warehouse import NEVER, Version
from aggregator.engines.bigquery.states import Piece, State
from aggregator.engines.bigquery.versions import versions_of

SPAN = ("2024-02-28", "2024-03-05")
NOW = datetime(2024, 3, 1, tzinfo=UTC)
OLD, RECENT = (int((NOW - timedelta(hours=hours)).timestamp() * 1_000_000) for hours in (48, 1))


def calendar(grain: Grain, type_: ColumnType = ColumnType.DATE) -> Calendar:
    return Calendar("day", type_, grain, "UTC")


def declared() -> Partitioning:
    place = Place("x.yml")
    return Partitioning(Word("day", place), Grain.DAY, "UTC", place, *map(datetime.fromisoformat, SPAN))


@pytest.mark.parametrize(
    ("pieces", "grain", "expected"),
    [
        pytest.param({"20240101": Piece(2, 16, 5)}, Grain.DAY, {"2024-01-01": Version(2, "5-2-16")}, id="a day"),
        pytest.param(
            {"2024010105": Piece(2, 16, 5)}, Grain.HOUR, {"2024-01-01T05": Version(2, "5-2-16")}, id="an hour"
        ),
        pytest.param(
            {"20240101": Piece(2, 16, 5), "20240107": Piece(1, 8, 9), "20240108": Piece(1, 8, 7)},
            Grain.ISOWEEK,
            {"2024-01-01": Version(3, "9-3-24"), "2024-01-08": Version(1, "7-1-8")},
            id="weeks of days",
        ),
        pytest.param(
            {"202401": Piece(2, 16, 5), "202403": Piece(1, 8, 9)},
            Grain.QUARTER,
            {"2024-01": Version(3, "9-3-24")},
            id="a quarter of months",
        ),
        pytest.param(
            {"202402": Piece(2, 16, 5)},
            Grain.DAY,
            {f"2024-02-{day:02}": Version(2, "5-2-16") for day in range(1, 30)},
            id="days of a table that is cut by month",
        ),
        pytest.param(
            {"": Piece(2, 16, 5)},
            Grain.DAY,
            {"2024-02-28": Version(2, "5-2-16"), "2024-02-29": Version(2, "5-2-16")},
            id="days of a table that is not cut, until now",
        ),
        pytest.param({"__NULL__": Piece(2, 16, 5)}, Grain.DAY, {"__NULL__": Version(2, "5-2-16")}, id="no day"),
        pytest.param({"20240101": Piece(0, 0, 5)}, Grain.DAY, {}, id="no rows"),
    ],
)
def test_partitions(pieces, grain, expected):
    assert versions_of(State(pieces=pieces), calendar(grain), declared(), NOW) == expected


def test_a_table_without_partitions():
    assert versions_of(State(pieces={"": Piece(3, 24, 7)}), None, None, NOW) == {"": Version(3, "7-3-24")}


def test_rows_in_the_streaming_buffer():
    """What was changed lately may have more rows than are counted; what was not is certain."""
    pieces = {"20240101": Piece(2, 16, OLD), "20240229": Piece(2, 16, RECENT), "__UNPARTITIONED__": Piece(1, 8, RECENT)}

    versions = versions_of(State(pieces=pieces), calendar(Grain.DAY), None, NOW)

    assert {name: version.settles_at for name, version in versions.items()} == {"2024-01-01": None, "2024-02-29": NEVER}


def test_a_view_is_its_text():
    one, same, other = (
        versions_of(State(definition=text), None, None, NOW)[""] for text in ("SELECT 1", "SELECT\n 1", "SELECT 2")
    )

    assert one == same
    assert one != other
