"""Which partitions of which sources a sample has."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from lab import daily, load_graph, model, project_file, source, write_files

from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.core.warehouse import NULL_PARTITION, WHOLE, Version
from aggregator.plan.sampled import Asked, to_sample

NOW = datetime.fromisoformat("2024-01-10")
EVENTS, MONTHS, PEOPLE = TableName("lake", "events"), TableName("lake", "months"), TableName("lake", "people")
WEEKLY, JOINED = TableName("marts", "week"), TableName("marts", "joined")
VERSIONS = {
    EVENTS: {f"2024-01-{day:02}": Version(1, "a") for day in (1, 2, 3, 5, 6, 7, 8)} | {NULL_PARTITION: Version(1, "a")},
    MONTHS: {"2023-12": Version(1, "a"), "2024-01": Version(1, "a")},
    PEOPLE: {WHOLE: Version(1, "a")},
}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    trailing = "SELECT day, COUNT(*) AS n FROM lake.events GROUP BY day"
    joined = "SELECT day, COUNT(*) AS n FROM marts.week LEFT JOIN lake.people ON TRUE GROUP BY day"
    return load_graph(
        write_files(
            tmp_path_factory.mktemp("project"),
            {
                "aggregator.yml": project_file(),
                "models/lake/events.yml": source({"day": "DATE"}, partition=daily("day", "2024-01-01")),
                "models/lake/months.yml": source(
                    {"month": "DATE"}, partition=daily("month", "2023-12-01", grain="month")
                ),
                "models/lake/people.yml": source({"name": "STRING"}),
                "models/marts/week.sql": model(
                    trailing, partition=daily("day", "2024-01-01"), inputs={"lake.events": {"last": "3 days"}}
                ),
                "models/marts/joined.sql": model(joined, partition=daily("day", "2024-01-01")),
            },
        )
    )


def moments(*texts: str) -> Any:
    return tuple(datetime.fromisoformat(each) if each else None for each in texts)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param(
            Asked([EVENTS, PEOPLE], last=2),
            {EVENTS: ("2024-01-07", "2024-01-08"), PEOPLE: (WHOLE,)},
            id="the newest that have rows, and none that are NULL",
        ),
        pytest.param(
            Asked([EVENTS], interval=moments("2024-01-03", "2024-01-06")),
            {EVENTS: ("2024-01-03", "2024-01-05")},
            id="those in an interval",
        ),
        pytest.param(
            Asked([MONTHS], interval=moments("2024-01-03", "2024-01-06")),
            {MONTHS: ("2024-01",)},
            id="a month that an interval lies in",
        ),
        pytest.param(Asked([EVENTS], interval=moments("2024-02-01", "")), {EVENTS: ()}, id="none there"),
        pytest.param(
            Asked([], [WEEKLY], moments("2024-01-06", "2024-01-07")),
            {EVENTS: ("2024-01-05", "2024-01-06")},
            id="what a model reads of before, as far as it is there",
        ),
        pytest.param(
            Asked([], [JOINED], moments("2024-01-03", "2024-01-04")),
            {EVENTS: ("2024-01-01", "2024-01-02", "2024-01-03"), PEOPLE: (WHOLE,)},
            id="what models below read, too",
        ),
        pytest.param(
            Asked([EVENTS], [JOINED], moments("2024-01-03", "2024-01-04")),
            {EVENTS: ("2024-01-01", "2024-01-02", "2024-01-03"), PEOPLE: (WHOLE,)},
            id="both ways at once",
        ),
    ],
)
def test_what_is_sampled(graph, asked, expected):
    assert to_sample(graph, NOW, VERSIONS, asked) == expected


def test_of_a_view_those_that_it_should_have(graph):
    versions = {EVENTS: {WHOLE: Version(0, "a view")}}

    found = to_sample(graph, NOW, versions, Asked([EVENTS, PEOPLE], last=2))

    assert found == {EVENTS: ("2024-01-08", "2024-01-09"), PEOPLE: ()}
