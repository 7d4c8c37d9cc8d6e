"""A source that stands for many tables, on DuckDB: one table there, whose rows know from which table they are."""

from __future__ import annotations

import pytest
from lab import Lab, built, daily, graph_of, model, planned, source

from aggregator.core.names import TableName
from aggregator.engines.duckdb.engine import DuckDbEngine
from aggregator.run.verify import Verification, verification, verified

COLUMNS = {"name": "STRING", "visitor": "STRING"}
SHARDS = {"suffix": "%Y%m%d", "from": "2024-01-01"}
HEADER = "_TABLE_SUFFIX,name,visitor\n"
ROWS = [
    "20240101,view,ann\n",
    "20240101,view,bob\n",
    "20240102,buy,ann\n",
    "20240104,view,cleo\n",
    "intraday_20240104,view,dan\n",
]
DAY = "PARSE_DATE('%Y%m%d', _TABLE_SUFFIX) AS day"
BY_DAY = {"partition": daily("day", "2024-01-01")}


def write_events(root, rows):
    path = root / "data" / "events.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(HEADER + "".join(rows))


@pytest.fixture
def lab(tmp_path):
    """A project with one model over the events of the last days."""

    def make(sql, tables_to="2024-01-05", **front):
        write_events(tmp_path, ROWS)
        events = source(COLUMNS, shards={**SHARDS, "to": tables_to}, local="data/events.csv")
        files = {"models/lake/events_.yml": events, "models/marts/out.sql": model(sql, **front)}
        return Lab(graph_of(tmp_path, files))

    return make


READ = {
    "each table is a partition": (
        f"SELECT {DAY}, COUNT(*) AS n FROM `lake.events_*` GROUP BY day",
        BY_DAY,
        [("2024-01-01", 2), ("2024-01-02", 1), ("2024-01-04", 1)],
    ),
    "two days of tables at a time": (
        "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, COUNT(*) AS n FROM `lake.events_*`",
        BY_DAY | {"inputs": {"lake.events_*": {"last": "2 days"}}},
        [("2024-01-01", 2), ("2024-01-02", 3), ("2024-01-03", 1), ("2024-01-04", 1)],
    ),
    "all tables whose names begin so, as one": (
        "SELECT _TABLE_SUFFIX AS day, COUNT(*) AS n FROM `lake.events_*` GROUP BY 1",
        {},
        [("20240101", 2), ("20240102", 1), ("20240104", 1), ("intraday_20240104", 1)],
    ),
    "a condition of one's own on the suffix": (
        f"SELECT {DAY}, COUNT(*) AS n FROM `lake.events_*` AS e WHERE e._TABLE_SUFFIX != '20240101' GROUP BY day",
        BY_DAY,
        [("2024-01-02", 1), ("2024-01-04", 1)],
    ),
}


@pytest.mark.parametrize(("sql", "front", "expected"), READ.values(), ids=READ)
def test_rows_are_those_of_the_tables_that_the_map_names(lab, sql, front, expected):
    lab = lab(sql, **front)

    lab.run()

    assert [(str(day), n) for day, n in lab.rows("marts.out")] == expected


@pytest.mark.parametrize(
    ("sql", "front"),
    [
        pytest.param("SELECT * FROM `lake.events_*`", {}, id="all tables"),
        pytest.param("SELECT e.* FROM `lake.events_*` AS e WHERE e._TABLE_SUFFIX > '2024'", {}, id="an alias"),
        pytest.param(f"SELECT *, {DAY} FROM `lake.events_*`", BY_DAY, id="behind a filter that hands the suffix on"),
        pytest.param("SELECT * FROM `lake.events_*`", {"kind": "view"}, id="a view"),
    ],
)
def test_a_star_leaves_the_suffix_out(lab, sql, front):
    lab = lab(sql, **front)

    lab.run()

    described = [row[0] for row in lab.query("DESCRIBE marts.out")]
    assert [each for each in described if each != "day"] == ["name", "visitor"]
    assert described == [column.name for column in next(iter(lab.graph.models.values())).columns]


def test_only_who_reads_a_table_that_changed_is_stale(lab, tmp_path):
    lab = lab(f"SELECT {DAY}, COUNT(*) AS n FROM `lake.events_*` GROUP BY day", **BY_DAY)
    assert len(built(lab.run())) == 4

    write_events(tmp_path, [*ROWS, "20240102,view,eve\n"])

    assert planned(lab.plan()) == {("marts.out", "2024-01-02"): "input"}


def test_a_file_without_the_suffix_is_refused(lab, tmp_path):
    lab = lab("SELECT * FROM `lake.events_*`")
    (tmp_path / "data" / "events.csv").write_text("name,visitor\nview,ann\n")

    engine = DuckDbEngine(lab.graph, wait=0, say=lambda _: None)
    (problem,) = engine.ingest()
    engine.close()

    assert 'it has no column "_TABLE_SUFFIX"; it has name, visitor' in problem.message


def test_a_week_is_made_of_seven_tables(lab):
    sql = (
        f"SELECT DATE_TRUNC(day, ISOWEEK) AS week, COUNT(*) AS n FROM (SELECT {DAY} FROM `lake.events_*`) GROUP BY week"
    )
    lab = lab(sql, partition=daily("week", "2023-12-25", "2024-01-08", grain="isoweek"), tables_to="2024-01-08")
    (out,) = lab.graph.models.values()
    assert not out.one_by_one

    lab.run()

    assert [(str(week), n) for week, n in lab.rows("marts.out")] == [("2024-01-01", 4)]


FACTS = f"""
SELECT *, {DAY} FROM `lake.events_*` WHERE name != 'buy'
UNION ALL
SELECT name, visitor, {DAY} FROM `lake.events_*` WHERE name = 'buy'
"""


@pytest.fixture
def rolled_up(tmp_path):
    """Events by day and name from many tables, with the weeks that are made of them."""
    write_events(tmp_path, ROWS)
    front = {"dimensions": ["day", "name"], "measures": {"n": {"count": "*"}, "visitors": {"distinct": "visitor"}}}
    weekly = "description: A week.\nowner: a@example.com\nrollup: {of: marts.events, to: isoweek}\n"
    files = {
        "models/lake/events_.yml": source(COLUMNS, shards={**SHARDS, "to": "2024-01-08"}, local="data/events.csv"),
        "models/marts/events.sql": model(FACTS, **front, partition=daily("day", "2024-01-01")),
        "models/marts/weekly.yml": weekly,
    }
    return Lab(graph_of(tmp_path, files))


def test_a_roll_up_of_facts_from_many_tables(rolled_up):
    rolled_up.run()

    found = rolled_up.query("SELECT name, n, visitors FROM marts.weekly ORDER BY name")
    assert found == [("buy", 1, 1), ("view", 3, 3)]


def test_a_roll_up_is_compared_with_the_rows_of_many_tables(rolled_up):
    rolled_up.run()
    how = verification(rolled_up.graph, TableName("marts", "weekly"))
    assert isinstance(how, Verification)

    engine = DuckDbEngine(rolled_up.graph, wait=0, say=lambda _: None)
    found = verified(engine, how, "2024-01-01")
    engine.close()

    assert (found.groups, found.is_right) == (2, True)
