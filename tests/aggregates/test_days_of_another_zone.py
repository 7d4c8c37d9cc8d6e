"""Hours of UTC to days of New York to months, over the day on which clocks go forward: all say what the rows say."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lab import Lab, daily, graph_of, model, source

from aggregator.core.names import TableName
from aggregator.run.verify import Verification, verification, verified

FIRST, END = datetime.fromisoformat("2013-03-01T05:00"), datetime.fromisoformat("2013-04-01T04:00")
"""March in New York, as UTC has it."""

COLUMNS = {"moment": "TIMESTAMP", "plane": "STRING", "price": "NUMERIC", "swing": "FLOAT64"}
MEASURES: dict[str, dict[str, Any]] = {
    "flights": {"count": "*"},
    "planes": {"distinct": "plane", "method": "active_days"},
    "price": {"avg": "price"},
    "swing": {"sum": "swing"},
    "hourly": {"last": "1", "by": "moment", "over_time": "avg"},
}
ROLLUPS = {
    "days": {"of": "marts.hours", "to": "day", "zone": "America/New_York"},
    "months": {"of": "marts.days", "to": "month"},
    "weeks": {"of": "marts.days", "to": {"rolling": "7 days"}},
}


def facts() -> list[tuple[datetime, str, str, float]]:
    """Three rows an hour, at most; prices that are thirds on average, and floats that add up to nearly nothing."""
    random, found = Random(3), []
    for number in range(int((END - FIRST) / timedelta(hours=1))):
        for minute in range(random.randrange(4)):
            moment = FIRST + timedelta(hours=number, minutes=20 * minute)
            found.append(
                (moment, random.choice("abc"), random.choice(["1.00", "2.01"]), random.choice([0.1, 0.2, -0.15]))
            )
    return found


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    root = tmp_path_factory.mktemp("zones")
    with (root / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([tuple(COLUMNS), *((f"{row[0]}+00", *row[1:]) for row in facts())])
    hourly = daily("hour", "2013-03-01T05", grain="hour")
    files = {
        "models/lake/rows.yml": source(
            COLUMNS, partition=daily("moment", "2013-03-01T05", "2013-04-01T04", grain="hour"), local="rows.csv"
        ),
        "models/marts/hours.sql": model(
            "SELECT TIMESTAMP_TRUNC(moment, HOUR) AS hour, moment, plane, price, swing FROM lake.rows",
            partition=hourly,
            dimensions=["hour"],
            measures=MEASURES,
        ),
    }
    for name, declared in ROLLUPS.items():
        lines = {"description": "Rolled up.", "owner": "a@example.com", "rollup": declared}
        files[f"models/marts/{name}.yml"] = "".join(f"{key}: {json.dumps(value)}\n" for key, value in lines.items())
    made = Lab(graph_of(root, files))
    assert made.run().is_clean
    return made


@pytest.mark.parametrize(
    ("name", "partitions", "unchecked"),
    [
        pytest.param("days", 31, {"hourly"}, id="days"),
        pytest.param("months", 1, {"hourly"}, id="a month of those days"),
        pytest.param("weeks", 25, {"hourly", "planes"}, id="what rolls along over those days"),
    ],
)
def test_all_that_can_be_compared_is_right(lab: Lab, name: str, partitions: int, unchecked: set[str]):
    how = verification(lab.graph, TableName("marts", name))
    assert isinstance(how, Verification)
    with lab.engine() as engine:
        there = engine.snapshot().versions[TableName("marts", name)]
        found = [verified(engine, how, each) for each in there]

    assert len(found) == partitions
    assert [each for each in found if not each.is_right] == []
    assert {*how.question.unchecked} == unchecked


def test_hours_of_days_and_of_months(lab: Lab):
    """A mean over hours divides by those that there are: 23 on the day on which clocks go forward."""
    zone = ZoneInfo("America/New_York")
    hours = {(row[0].replace(tzinfo=UTC).astimezone(zone).date(), row[0].replace(minute=0)) for row in facts()}
    days = [day for day, _ in hours]
    length = {day: 23 if f"{day}" == "2013-03-10" else 24 for day in days}

    assert dict(lab.query("SELECT day, hourly FROM marts.days")) == pytest.approx(
        {day: days.count(day) / length[day] for day in days}
    )
    assert lab.query("SELECT hourly FROM marts.months") == [(pytest.approx(len(days) / (31 * 24 - 1)),)]
    assert lab.query("SELECT hourly FROM marts.weeks WHERE day = '2013-03-12'") == [
        (pytest.approx(sum(6 <= day.day <= 12 for day in days) / (7 * 24 - 1)),)
    ]
