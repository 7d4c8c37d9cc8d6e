"""Names of tables, however their backticks are put."""

from __future__ import annotations

import pytest

from aggregator.analyzers.googlesql.analyzer import GoogleSql
from aggregator.analyzers.googlesql.catalog import spellings
from aggregator.analyzers.protocol import Field, Mistake, Relation, Statement

FLIGHTS = Relation("p.lake.flights", (Field("delay", "INT64"), Field("stops", "ARRAY<STRING>")))


def test_a_name_of_three_parts_has_four_spellings():
    found = set(spellings("p.d.t"))

    assert found == {("p", "d", "t"), ("p.d", "t"), ("p", "d.t"), ("p.d.t",)}


@pytest.mark.parametrize("name", ["p.lake.flights", "`p`.lake.flights", "`p.lake`.flights", "`p.lake.flights`"])
@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("SELECT delay FROM {}", id="a bare column"),
        pytest.param("SELECT flights.delay FROM {}", id="a column of the table's last name"),
        pytest.param("SELECT f.delay FROM {} AS f", id="an alias"),
        pytest.param("SELECT delay FROM {}, flights.stops", id="an array of the table's last name"),
        pytest.param("SELECT 'a.b', `delay` FROM {}", id="other quotes"),
    ],
)
def test_a_table_is_found_and_called_by_its_last_name(analyzer: GoogleSql, sql: str, name: str):
    verdict = analyzer.analyse([Statement("lake.m", sql.format(name), (FLIGHTS,))])[0]

    assert verdict.mistake is None
    assert [column.type for column in verdict.columns][-1] == "INT64"
    assert verdict.reads is not None
    assert "delay" in verdict.reads["p.lake.flights"]


@pytest.mark.parametrize(
    ("sql", "at"),
    [
        pytest.param("SELECT late FROM `p.lake.flights`", "late", id="before the name"),
        pytest.param("SELECT 'ü' FROM `p.lake.flights` WHERE late", "late", id="behind the name, and a wide letter"),
        pytest.param("SELECT 1 FROM `p.lake.trains`", "`p.lake", id="the name itself"),
        pytest.param("SELECT `p.lake.flights`.delay FROM `p.lake.flights`", "`p.lake", id="a name that is no column's"),
    ],
)
def test_places_are_those_of_the_authors_text(analyzer: GoogleSql, sql: str, at: str):
    mistake = analyzer.analyse([Statement("lake.m", sql, (FLIGHTS,))])[0].mistake

    assert isinstance(mistake, Mistake)
    assert mistake.start == sql.index(at)
