"""Roll-ups that would be wrong, said in words; and beside them what is nearly the same and right."""

from __future__ import annotations

from datetime import datetime

import pytest
from merging import NOWHERE, word

from aggregator.aggregates.rollup import Rollup, rollup
from aggregator.aggregates.select import select
from aggregator.core.aggregate import Aggregate, MeasureDeclaration, Refusal, RollupDeclaration
from aggregator.core.calendar import Calendar, ColumnType, Grain
from aggregator.core.maps import PartitionMap, Reach

MEASURES = (MeasureDeclaration("flights", {"count": "*"}), MeasureDeclaration("delay", {"avg": "dep_delay"}))
DAILY = Aggregate(("carrier", "origin"), "day", MEASURES, base=Grain.DAY, start=datetime.fromisoformat("2013-01-01"))
DAYS = Calendar("day", ColumnType.DATE, Grain.DAY, "America/New_York")
HOURS = Calendar("day", ColumnType.TIMESTAMP, Grain.HOUR, "America/New_York")
LOCAL_HOURS = Calendar("day", ColumnType.DATETIME, Grain.HOUR, "America/New_York")
UTC_DAYS = Calendar("day", ColumnType.TIMESTAMP, Grain.DAY, "America/New_York")
WEEKS = Calendar("day", ColumnType.DATE, Grain.ISOWEEK, "America/New_York")
TUESDAYS = Calendar("day", ColumnType.DATE, Grain.WEEK_TUESDAY, "America/New_York")
MONTHS = Calendar("day", ColumnType.DATE, Grain.MONTH, "America/New_York")
MONTH = PartitionMap(Reach.LAST, 1, Grain.MONTH)
TWO_MONTHS = PartitionMap(Reach.LAST, 2, Grain.MONTH)
WEEK = PartitionMap(Reach.LAST, 7, Grain.DAY)


def known(**more: object) -> Aggregate:
    return Aggregate(**{**vars(DAILY), **more})


def declared(to: Grain | PartitionMap, **more: object) -> RollupDeclaration:
    target = {"to": to} if isinstance(to, Grain) else {"rolling": to}
    return RollupDeclaration(word("marts.daily"), NOWHERE, **target, **more)


def words(*texts: str) -> tuple[object, ...]:
    return tuple(map(word, texts))


def said(found: Rollup | list) -> list[str]:
    return [] if isinstance(found, Rollup) else [f"{each.code.id} {each.message}" for each in found]


REFUSED = [
    pytest.param(
        declared(Grain.HOUR, zone="Europe/Paris"),
        DAILY,
        HOURS,
        "A405 marts.daily: its hours are those of UTC, not of Europe/Paris",
        id="hours are the same hours everywhere",
    ),
    pytest.param(
        declared(Grain.DAY, zone="Europe/Paris"),
        DAILY,
        LOCAL_HOURS,
        "A405 marts.daily: its hours are those of America/New_York, not of Europe/Paris",
        id="hours of a local clock make no days of another one",
    ),
    pytest.param(
        declared(Grain.MONTH, zone="America/New_York"),
        DAILY,
        UTC_DAYS,
        "A405 marts.daily: its days are those of UTC, not of America/New_York",
        id="days of UTC make no local months",
    ),
    pytest.param(
        declared(WEEK, zone="Europe/Paris"),
        DAILY,
        DAYS,
        "A405 marts.daily: its days are those of America/New_York, not of Europe/Paris",
        id="what rolls along in another zone",
    ),
    pytest.param(
        declared(WEEK),
        known(rolling=WEEK),
        DAYS,
        "A405 marts.daily: its rows overlap in time, so adding them up would count days several times",
        id="what rolls along over what rolls along",
    ),
    pytest.param(
        declared(MONTH),
        DAILY,
        WEEKS,
        "A405 marts.daily: 1 month does not consist of whole isoweeks",
        id="a month of weeks that rolls along",
    ),
    pytest.param(
        declared(TWO_MONTHS),
        DAILY,
        TUESDAYS,
        "A405 marts.daily: 2 months do not consist of whole week(tuesday)s",
        id="two months of weeks that roll along",
    ),
    pytest.param(
        declared(PartitionMap(Reach.LAST, 28, Grain.DAY)),
        DAILY,
        MONTHS,
        "A405 marts.daily: 28 days do not consist of whole months",
        id="days of months that roll along",
    ),
    pytest.param(
        declared(Grain.WEEK),
        DAILY,
        WEEKS,
        "A405 marts.daily: its weeks begin on other days than a week",
        id="weeks that begin on another day",
    ),
    pytest.param(
        declared(Grain.QUARTER),
        DAILY,
        TUESDAYS,
        "A405 marts.daily: weeks straddle quarters",
        id="a quarter of weeks",
    ),
    pytest.param(
        declared(Grain.ISOWEEK), DAILY, MONTHS, "A405 marts.daily: an isoweek is shorter than a month", id="too short"
    ),
    pytest.param(
        declared(Grain.MONTH, is_partial=True),
        known(measures=(MeasureDeclaration("n_days", {"count": "*"}),)),
        DAYS,
        "A403 n_days has the name of the number of partitions that are there",
        id="a measure that is called like the number of days",
    ),
    pytest.param(
        declared(Grain.MONTH, is_partial=True),
        known(dimensions=("n_days",)),
        DAYS,
        "A403 n_days, the number of partitions that are there, has the name of a dimension",
        id="a dimension that is called like the number of days",
    ),
    pytest.param(
        declared(Grain.MONTH, dimensions=words("carrier", "Carrier")),
        DAILY,
        DAYS,
        "A406 Carrier is named twice",
        id="a dimension twice",
    ),
    pytest.param(
        declared(Grain.MONTH, measures=words("flights", "FLIGHTS")),
        DAILY,
        DAYS,
        "A401 FLIGHTS is named twice",
        id="a measure twice",
    ),
    pytest.param(
        declared(Grain.MONTH),
        known(refused=(Refusal("planes", "a distinct count", "it can't be added up", "declare it"),)),
        DAYS,
        "A408 planes is a distinct count: it can't be added up",
        id="a number that does not add up",
    ),
    pytest.param(
        declared(Grain.MONTH),
        known(filtered_by="HAVING"),
        DAYS,
        "A409 marts.daily leaves groups out by HAVING, so its rows do not add up to the whole",
        id="groups that were left out",
    ),
]
ACCEPTED = [
    pytest.param(declared(Grain.HOUR), DAILY, HOURS, id="hours from hours"),
    pytest.param(declared(Grain.HOUR, zone="America/New_York"), DAILY, HOURS, id="hours in the zone of the project"),
    pytest.param(declared(Grain.DAY, zone="Europe/Paris"), DAILY, HOURS, id="days of any zone from hours of UTC"),
    pytest.param(declared(Grain.MONTH), DAILY, UTC_DAYS, id="months of UTC from days of UTC"),
    pytest.param(declared(WEEK, zone="America/New_York"), DAILY, DAYS, id="what rolls along in its own zone"),
    pytest.param(declared(Grain.DAY, dimensions=()), known(rolling=WEEK), DAYS, id="fewer dimensions"),
    pytest.param(declared(PartitionMap(Reach.LAST, 2, Grain.WEEK)), DAILY, TUESDAYS, id="two of its own weeks"),
    pytest.param(declared(Grain.MONTH), known(measures=(MeasureDeclaration("n_days", {"count": "*"}),)), DAYS, id="n"),
    pytest.param(
        declared(Grain.MONTH, measures=words("flights")),
        known(refused=(Refusal("planes", "a distinct count", "it can't be added up", "declare it"),)),
        DAYS,
        id="what adds up, of a table that has other numbers",
    ),
]


@pytest.mark.parametrize(("declaration", "of", "source", "message"), REFUSED)
def test_refused(declaration: RollupDeclaration, of: Aggregate, source: Calendar, message: str):
    assert [message] == said(rollup(declaration, of, source))


@pytest.mark.parametrize(("declaration", "of", "source"), ACCEPTED)
def test_accepted(declaration: RollupDeclaration, of: Aggregate, source: Calendar):
    assert said(rollup(declaration, of, source)) == []


@pytest.mark.parametrize(
    ("to", "source", "counted"),
    [
        pytest.param(
            Grain.MONTH, DAYS, "COUNT(DISTINCT day) OVER (PARTITION BY DATE_TRUNC(day, MONTH)) AS n_days", id="days"
        ),
        pytest.param(WEEK, DAYS, "COUNT(DISTINCT day) OVER () AS n_days", id="days that roll along"),
        pytest.param(Grain.ISOWEEK, WEEKS, "COUNT(DISTINCT day) OVER (PARTITION BY day) AS n_weeks", id="ISO weeks"),
        pytest.param(
            PartitionMap(Reach.LAST, 2, Grain.WEEK),
            TUESDAYS,
            "COUNT(DISTINCT day) OVER () AS n_weeks",
            id="other weeks",
        ),
    ],
)
def test_what_is_counted_of_a_partial_bucket(to: Grain | PartitionMap, source: Calendar, counted: str):
    """All groups of a bucket say how much of it is there, also those that were not there every day."""
    found = rollup(declared(to, is_partial=True), DAILY, source)

    assert isinstance(found, Rollup)
    assert counted in "".join(piece.text for piece in select(found.grouping))
