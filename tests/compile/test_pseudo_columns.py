"""Pseudo-columns: who has them, what they are made into, and what they prove."""

from __future__ import annotations

import pytest
from lab import daily, graph_of, model, source

from aggregator.core.graph import Origin

EVENTS = {
    "models/lake/events_.yml": source({"date": "STRING", "name": "STRING"}, shards={"from": "2024-01-01"}),
    "models/lake/clicks.yml": source({"url": "STRING"}, partition=daily("_PARTITIONTIME", "2024-01-01")),
    "models/lake/dated.yml": source({"url": "STRING"}, partition=daily("_partitiondate", "2024-01-01")),
    "models/lake/monthly_.yml": source({"name": "STRING"}, shards={"suffix": "%Y-%m", "from": "2024-01-01"}),
}
UTC = daily("day", "2024-01-01", zone="UTC")
DAYS, MONTHS = daily("day", "2024-01-01"), daily("day", "2024-01-01", grain="month")


def compiled(root, sql, partition=DAYS, zone="America/New_York"):
    files = {**EVENTS, "models/marts/out.sql": model(sql, partition=partition)}
    return next(iter(graph_of(root, files, zone).models.values()))


TOGETHER = {
    "a suffix as a date": ("SELECT PARSE_DATE('%Y%m%d', _TABLE_SUFFIX) AS day FROM `lake.events_*`", DAYS),
    "through WITH": (
        """WITH e AS (SELECT _TABLE_SUFFIX AS s, name FROM `lake.events_*`)
        SELECT PARSE_DATE('%Y%m%d', s) AS day, COUNT(*) AS n FROM e GROUP BY day""",
        DAYS,
    ),
    "grouped by the suffix": (
        "SELECT PARSE_DATE('%Y%m%d', _TABLE_SUFFIX) AS day, COUNT(*) AS n FROM `lake.events_*` GROUP BY day",
        DAYS,
    ),
    "months of days": (
        "SELECT DATE_TRUNC(PARSE_DATE('%Y%m%d', _TABLE_SUFFIX), MONTH) AS day FROM `lake.events_*`",
        MONTHS,
    ),
    "days of arrival": ("SELECT DATE(_PARTITIONTIME) AS day, url FROM lake.clicks", UTC),
    "dates of arrival": ("SELECT _PARTITIONDATE AS day, url FROM lake.clicks", UTC),
    "days of arrival, declared by the date": ("SELECT DATE(_PARTITIONTIME) AS day, url FROM lake.dated", UTC),
    "months of months": ("SELECT PARSE_DATE('%Y-%m', _TABLE_SUFFIX) AS day FROM `lake.monthly_*`", MONTHS),
}
ALONE = {
    "a date that is another column": ("SELECT PARSE_DATE('%Y%m%d', date) AS day FROM `lake.events_*`", DAYS),
    "a form that no suffix has": ("SELECT PARSE_DATE('%d%m%Y', _TABLE_SUFFIX) AS day FROM `lake.events_*`", DAYS),
    "days of arrival on another clock": ("SELECT _PARTITIONDATE AS day, url FROM lake.clicks", DAYS),
    "hours of days of arrival": (
        "SELECT _PARTITIONTIME AS day, url FROM lake.clicks",
        daily("day", "2024-01-01", grain="hour"),
    ),
    "days of months": ("SELECT PARSE_DATE('%Y-%m', _TABLE_SUFFIX) AS day FROM `lake.monthly_*`", DAYS),
    "dates of another zone": (
        "SELECT PARSE_DATE('%Y%m%d', _TABLE_SUFFIX) AS day FROM `lake.events_*`",
        DAYS | {"zone": "Asia/Tokyo"},
    ),
}


@pytest.mark.parametrize(("sql", "partition"), TOGETHER.values(), ids=TOGETHER)
def test_partitions_are_built_together(tmp_path, sql, partition):
    assert compiled(tmp_path, sql, partition).one_by_one == ""


@pytest.mark.parametrize(("sql", "partition"), ALONE.values(), ids=ALONE)
def test_partitions_are_built_one_by_one(tmp_path, sql, partition):
    assert compiled(tmp_path, sql, partition).one_by_one != ""


def test_a_suffix_is_where_a_column_is_made_from(tmp_path):
    found = compiled(tmp_path, "SELECT PARSE_DATE('%Y%m%d', _TABLE_SUFFIX) AS day FROM `lake.events_*`")

    assert found.columns[0].origins == (Origin("lake.events_*", "_TABLE_SUFFIX"),)


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("_PARTITIONTIME", "TIMESTAMP"),
        ("c._partitiontime", "TIMESTAMP"),
        ("_PARTITIONDATE", "DATE"),
        ("(SELECT MAX(_TABLE_SUFFIX) FROM `lake.events_*`)", "STRING"),
    ],
)
def test_pseudo_columns_have_types(tmp_path, column, expected):
    found = compiled(tmp_path, f"SELECT _PARTITIONDATE AS day, {column} AS x FROM lake.clicks AS c", UTC)

    assert found.columns[1].type == expected


def test_offsets_behind_a_star_lead_back_to_the_text(tmp_path):
    inner = "SELECT *, _TABLE_SUFFIX AS s FROM `lake.events_*`"
    sql = f"\nSELECT PARSE_DATE('%Y%m%d', s) AS day, e.name\nFROM ({inner}) AS e\n"
    found = compiled(tmp_path, sql)
    written = found.model.sql

    for word in ("AS s", "AS e", "PARSE_DATE"):
        assert written[found.written(found.sql.index(word)) :].startswith(word)
    for word in ("EXCEPT (", "WHERE _TABLE"):
        assert word not in written
        assert written[found.written(found.sql.index(word)) - 1] in "* "
