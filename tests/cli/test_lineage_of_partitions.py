"""``aggregator lineage TABLE@PARTITION``: what is printed, as text and as JSON, and what is refused."""

from __future__ import annotations

import json
import textwrap

import pytest
from lab import daily, model, source

NEW_YORK = {"zone": "America/New_York"}
FILES = {
    "models/lake/events.yml": source(
        {"moment": "TIMESTAMP", "n": "INT64"}, partition=daily("moment", "2012-12-01T00", "2013-04-01T04", grain="hour")
    ),
    "models/marts/daily.sql": model(
        "SELECT DATE(moment, 'America/New_York') AS day, SUM(n) AS n FROM lake.events GROUP BY day",
        partition={**daily("day", "2013-01-01"), **NEW_YORK},
    ),
    "models/marts/recent.sql": model("SELECT day, n FROM marts.daily", kind="view"),
    "models/marts/total.sql": model(
        "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, SUM(n) AS n FROM"
        " (SELECT n FROM marts.total UNION ALL SELECT n FROM marts.daily)",
        partition={**daily("day", "2013-01-01"), **NEW_YORK},
        inputs={"marts.total": "previous"},
        columns={"n": {"type": "INT64"}},
    ),
    "models/marts/monthly.sql": model(
        "SELECT DATE_TRUNC(d.day, MONTH) AS month, SUM(d.n) AS n FROM marts.daily AS d GROUP BY month",
        partition={**daily("month", "2013-01-01", grain="month"), **NEW_YORK},
    ),
    "models/marts/month_ends.sql": model(
        "SELECT t.day, SUM(before.n) AS n FROM marts.daily AS t CROSS JOIN marts.daily AS before GROUP BY t.day",
        partition={**daily("day", "2013-01-01"), **NEW_YORK},
        inputs={"before": {"offset": "1 month"}},
    ),
}


@pytest.fixture
def project(make_project):
    return make_project(FILES)


TEXTS = {
    "a month with a change of clocks": (
        ["marts.monthly@2013-03"],
        """
        marts.monthly@2013-03
        made from
          marts.daily  31 partitions   2013-03-01 to 2013-03-31
          lake.events  743 partitions  2013-03-01T05 to 2013-04-01T03
        used by
          nothing
        """,
    ),
    "an hour and what it reaches": (
        ["lake.events@2013-02-28T12", "--down"],
        """
        lake.events@2013-02-28T12
        used by
          marts.daily       1 partition    2013-02-28
          marts.month_ends  5 partitions   2013-02-28, 2013-03-28 to 2013-03-31
          marts.monthly     1 partition    2013-02
          marts.recent      all of it
          marts.total       32 partitions  2013-02-28 to 2013-03-31
        """,
    ),
    "a table that reads itself": (
        ["marts.total@2013-01-03", "--up"],
        """
        marts.total@2013-01-03
        made from
          marts.total  2 partitions   2013-01-01 to 2013-01-02
          marts.daily  3 partitions   2013-01-01 to 2013-01-03
          lake.events  72 partitions  2013-01-01T05 to 2013-01-04T04
        """,
    ),
}


@pytest.mark.parametrize(("arguments", "expected"), TEXTS.values(), ids=TEXTS)
def test_text(arguments, expected, project, aggregator):
    outcome = aggregator(project, "lineage", *arguments)

    assert outcome.out == textwrap.dedent(expected).lstrip("\n")
    assert (outcome.code, outcome.err) == (0, "")


def test_json(project, aggregator):
    outcome = aggregator(project, "lineage", "marts.month_ends@2013-03-29", "--format", "json", "--up")

    assert json.loads(outcome.out) == {
        "table": "marts.month_ends",
        "partition": "2013-03-29",
        "up": [
            {
                "table": "marts.daily",
                "partitions": 2,
                "stretches": [
                    {"first": "2013-02-28", "last": "2013-02-28"},
                    {"first": "2013-03-29", "last": "2013-03-29"},
                ],
            },
            {
                "table": "lake.events",
                "partitions": 48,
                "stretches": [
                    {"first": "2013-02-28T05", "last": "2013-03-01T04"},
                    {"first": "2013-03-29T04", "last": "2013-03-30T03"},
                ],
            },
        ],
    }


@pytest.mark.parametrize(
    ("what", "message"),
    [
        pytest.param(
            "marts.monthly@2013-05", "is not a partition of marts.monthly: it has 2013-01 to 2013-03", id="too late"
        ),
        pytest.param("marts.monthly@2013-02-01", "is not a partition of marts.monthly", id="of another grain"),
        pytest.param("marts.monthly@February", "is not a partition of marts.monthly", id="no date"),
        pytest.param("marts.recent@2013-02-01", "marts.recent has no partitions", id="a view"),
        pytest.param("marts.daily.n@2013-02-01", "a column has no partitions", id="a column"),
        pytest.param("marts.weekly@2013-02-01", "there is no table marts.weekly", id="a table that is not there"),
    ],
)
def test_what_is_refused(what, message, project, aggregator):
    outcome = aggregator(project, "lineage", what)

    assert outcome.code == 2
    assert message in outcome.err
