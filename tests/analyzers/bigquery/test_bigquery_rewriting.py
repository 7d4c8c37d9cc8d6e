"""Names of tables in a text, what is put in their place, and the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.analyzers.bigquery.answers import offset_of
from aggregator.analyzers.bigquery.rewriting import Rewritten, rewrite

NAMES = {"lake.flights": "`p`.`dev_lake`.`flights`", "marts.x": "`p`.`m`.`x`"}


def rewritten(sql: str) -> Rewritten:
    return rewrite(sql, lambda reference: NAMES.get(str(reference.table)))


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        pytest.param("SELECT a FROM lake.flights", "SELECT a FROM `p`.`dev_lake`.`flights`", id="plain"),
        pytest.param("SELECT a FROM `lake.flights` f", "SELECT a FROM `p`.`dev_lake`.`flights` f", id="quoted whole"),
        pytest.param("SELECT a FROM `lake`.`flights`", "SELECT a FROM `p`.`dev_lake`.`flights`", id="quoted in parts"),
        pytest.param("SELECT a FROM lake.`flights`", "SELECT a FROM `p`.`dev_lake`.`flights`", id="one part quoted"),
        pytest.param("SELECT a FROM lake . flights", "SELECT a FROM `p`.`dev_lake`.`flights`", id="blanks in between"),
        pytest.param(
            "SELECT a FROM lake.flights, marts.x", "SELECT a FROM `p`.`dev_lake`.`flights`, `p`.`m`.`x`", id="two"
        ),
        pytest.param(
            "SELECT (SELECT 1 FROM marts.x) FROM lake.flights WHERE a IN (SELECT a FROM marts.x)",
            "SELECT (SELECT 1 FROM `p`.`m`.`x`) FROM `p`.`dev_lake`.`flights` WHERE a IN (SELECT a FROM `p`.`m`.`x`)",
            id="in subqueries",
        ),
        pytest.param(
            "WITH x AS (SELECT a FROM lake.flights) SELECT a FROM x UNION ALL SELECT a FROM marts.x",
            "WITH x AS (SELECT a FROM `p`.`dev_lake`.`flights`) SELECT a FROM x UNION ALL SELECT a FROM `p`.`m`.`x`",
            id="beside a name of WITH",
        ),
        pytest.param(
            "SELECT '😀 é' AS s FROM lake.flights -- é",
            "SELECT '😀 é' AS s FROM `p`.`dev_lake`.`flights` -- é",
            id="behind letters of more than a byte",
        ),
    ],
)
def test_names_are_replaced(sql, expected):
    assert rewritten(sql).text == expected


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("SELECT 'lake.flights' AS a", id="in a text"),
        pytest.param('SELECT """FROM lake.flights""" AS a', id="in a long text"),
        pytest.param("SELECT 1 AS a -- FROM lake.flights", id="in a comment"),
        pytest.param("SELECT 1 AS a /* FROM lake.flights */", id="in a long comment"),
        pytest.param("SELECT lake.flights FROM a.b AS lake", id="a column"),
        pytest.param("SELECT lake.flights.carrier FROM a.b AS lake", id="a field of a column"),
        pytest.param("SELECT 1 AS `lake.flights`", id="an alias"),
        pytest.param("WITH flights AS (SELECT 1 AS a) SELECT a FROM flights", id="a name of WITH"),
        pytest.param("SELECT a FROM lake.others", id="another table"),
        pytest.param("SELECT a FROM lake.Flights", id="another table, but for the case"),
        pytest.param("SELECT a FROM q.lake.flights", id="a table of a named project"),
        pytest.param("SELECT a FROM b.c, UNNEST(lake.flights)", id="an array"),
    ],
)
def test_what_is_no_name_of_a_table_stays(sql):
    assert rewritten(sql) == Rewritten(sql)


def test_a_text_that_can_not_be_parsed_stays():
    assert rewritten("SELEC a FROM lake.flights") == Rewritten("SELEC a FROM lake.flights", (), False)


@st.composite
def queries(draw):
    """Joins of tables that are to be replaced or not, between texts, comments and blanks of all kinds."""
    blank = st.sampled_from([" ", "\n", "  ", " /* lake.flights 😀 */ ", "\t", " -- marts.x\n"])
    tables = draw(st.lists(st.sampled_from([*NAMES, "`lake.flights`", "`marts`.x", "a.b"]), min_size=1, max_size=5))
    text = f"SELECT{draw(blank)}'lake.flights 😀' AS c{draw(blank)}FROM "
    joined = [f"{table}{draw(blank)}AS t{number}" for number, table in enumerate(tables)]
    return text + f"{draw(blank)}CROSS JOIN{draw(blank)}".join(joined) + draw(blank)


@given(queries())
def test_every_character_that_was_kept_finds_its_way_back(sql):
    new = rewritten(sql)
    replaced = {offset for start, end, _, _ in new.pieces for offset in range(start, end)}
    kept = [offset for offset in range(len(new.text)) if offset not in replaced]

    assert new.is_understood
    assert all(sql[new.original(offset)] == new.text[offset] for offset in kept)
    assert [new.original(offset) for offset in kept] == sorted({new.original(offset) for offset in kept})
    assert all(new.original(each) == old for start, end, old, _ in new.pieces for each in (start, end - 1))
    assert new.original(len(new.text)) == len(sql)


@given(queries())
def test_nothing_but_names_is_lost(sql):
    new = rewritten(sql)

    names = [sql[start:end].replace("`", "") for _, _, start, end in new.pieces]
    assert set(names) <= set(NAMES)
    assert len(new.text) - len(sql) == sum(end - start - (to - from_) for start, end, from_, to in new.pieces)


@pytest.mark.parametrize(
    ("sql", "line", "column", "offset"),
    [
        pytest.param("SELECT a", 1, 1, 0, id="the first character"),
        pytest.param("SELECT a", 1, 8, 7, id="on the first line"),
        pytest.param("SELECT\n  a", 2, 3, 9, id="on the second line"),
        pytest.param("SELECT\r\n  a", 2, 3, 10, id="after two characters that end a line"),
        pytest.param("SELECT '😀é', a", 1, 14, 13, id="a character is one column, however many bytes it has"),
        pytest.param("SELECT\n\ta", 2, 9, 8, id="a tab reaches to the ninth column"),
        pytest.param("SELECT\n ab\tc", 2, 9, 11, id="a tab behind characters, too"),
        pytest.param("SELECT a", 1, 9, 8, id="the end"),
        pytest.param("SELECT a", 1, 99, 8, id="behind the end of a line"),
        pytest.param("SELECT a", 7, 1, 8, id="behind the last line"),
    ],
)
def test_lines_and_columns(sql, line, column, offset):
    assert offset_of(sql, line, column) == offset
