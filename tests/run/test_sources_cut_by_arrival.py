"""A source that is cut by the time of arrival, on DuckDB: a column of its table that no star stands for."""

from __future__ import annotations

import pytest
from lab import Lab, built, daily, graph_of, model, planned, source

ROWS = [
    "/a,2024-01-01T05:00:00Z\n",
    "/a,2024-01-01T23:30:00Z\n",
    "/b,2024-01-02T00:10:00Z\n",
    "/c,2024-01-04\n",
]
DATES = ["/a,2024-01-01\n", "/a,2024-01-01\n", "/b,2024-01-02\n", "/c,2024-01-04\n"]
IN_UTC = {"partition": daily("day", "2024-01-01", zone="UTC")}
BY_DAY = [("2024-01-01", "2"), ("2024-01-02", "1"), ("2024-01-04", "1")]


def write_clicks(root, rows, by):
    path = root / "data" / "clicks.csv"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"url,{by}\n" + "".join(rows))


@pytest.fixture
def lab(tmp_path):
    def make(sql, by="_PARTITIONTIME", grain="day", rows=ROWS, to="2024-01-05", **front):
        write_clicks(tmp_path, rows, by)
        cut = daily(by, "2024-01-01", to, grain=grain)
        clicks = source({"url": "STRING"}, partition=cut, local="data/clicks.csv")
        files = {"models/lake/clicks.yml": clicks, "models/marts/out.sql": model(sql, **front)}
        return Lab(graph_of(tmp_path, files, "America/New_York"))

    return make


READ = {
    "days of arrival": ("SELECT DATE(_PARTITIONTIME) AS day, COUNT(*) AS n FROM lake.clicks GROUP BY day", {}, BY_DAY),
    "by the date that goes with it": (
        "SELECT _PARTITIONDATE AS day, COUNT(*) AS n FROM lake.clicks GROUP BY day",
        {},
        BY_DAY,
    ),
    "declared by the date": (
        "SELECT DATE(_PARTITIONTIME) AS day, COUNT(_PARTITIONDATE) AS n FROM lake.clicks GROUP BY day",
        {"by": "_PARTITIONDATE", "rows": DATES},
        BY_DAY,
    ),
    "a row knows the beginning of its partition only": (
        "SELECT _PARTITIONDATE AS day, MAX(_PARTITIONTIME) AS last FROM lake.clicks GROUP BY day",
        {},
        [(day, f"{day} 00:00:00+00:00") for day, _ in BY_DAY],
    ),
    "hours": (
        "SELECT DATE(_PARTITIONTIME) AS day, MAX(_PARTITIONTIME) AS last FROM lake.clicks GROUP BY day",
        {"grain": "hour"},
        [
            ("2024-01-01", "2024-01-01 23:00:00+00:00"),
            ("2024-01-02", "2024-01-02 00:00:00+00:00"),
            ("2024-01-04", "2024-01-04 00:00:00+00:00"),
        ],
    ),
}


@pytest.mark.parametrize(("sql", "front", "expected"), READ.values(), ids=READ)
def test_rows_are_those_of_the_partitions_that_the_map_names(lab, sql, front, expected):
    lab = lab(sql, **IN_UTC, **front)

    lab.run()

    assert [(str(day), str(value)) for day, value in lab.rows("marts.out")] == expected


def test_a_day_of_another_clock_reads_both_partitions_that_it_touches(lab):
    sql = "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, COUNT(*) AS n FROM lake.clicks"
    lab = lab(sql, partition=daily("day", "2024-01-01"))

    lab.run()

    assert [(str(day), n) for day, n in lab.rows("marts.out")] == [
        ("2024-01-01", 3),
        ("2024-01-02", 1),
        ("2024-01-03", 1),
    ]


@pytest.mark.parametrize(
    ("sql", "front"),
    [
        pytest.param("SELECT * FROM lake.clicks", {}, id="the whole table"),
        pytest.param("SELECT *, _PARTITIONDATE AS day FROM lake.clicks", IN_UTC, id="behind a filter"),
        pytest.param("SELECT c.* FROM lake.clicks AS c", {"kind": "view"}, id="a view"),
    ],
)
def test_a_star_leaves_the_times_of_arrival_out(lab, sql, front):
    lab = lab(sql, **front)

    lab.run()

    assert [row[0] for row in lab.query("DESCRIBE marts.out") if row[0] != "day"] == ["url"]


def test_only_who_reads_a_partition_that_changed_is_stale(lab, tmp_path):
    lab = lab("SELECT _PARTITIONDATE AS day, COUNT(*) AS n FROM lake.clicks GROUP BY day", **IN_UTC)
    assert len(built(lab.run())) == 4

    write_clicks(tmp_path, [*ROWS, "/d,2024-01-02T09:00:00Z\n"], "_PARTITIONTIME")

    assert planned(lab.plan()) == {("marts.out", "2024-01-02"): "input"}


ROWS_OF_A_YEAR = ["/a,2024-01-31T05:00:00Z\n", "/b,2024-03-31T23:30:00Z\n", "/c,2024-04-01\n", "/d,2024-06-30\n"]
LONGER = {
    "quarters of months": ("month", "2024-07-01", "quarter", [("2024-01-01", 2), ("2024-04-01", 2)]),
    "quarters of weeks, which are days": ("isoweek", "2024-07-01", "quarter", [("2024-01-01", 2), ("2024-04-01", 2)]),
    "weeks from Sunday of weeks from Monday": (
        "isoweek",
        "2024-07-08",
        "week",
        [("2024-01-28", 1), ("2024-03-31", 2), ("2024-06-30", 1)],
    ),
}


@pytest.mark.parametrize(("arrival", "to", "grain", "expected"), LONGER.values(), ids=LONGER)
def test_longer_partitions_are_made_of_what_arrived_in_them(lab, arrival, to, grain, expected):
    sql = (
        f"SELECT DATE_TRUNC(DATE(_PARTITIONTIME), {grain.upper()}) AS start, COUNT(*) AS n FROM lake.clicks"
        " GROUP BY start"
    )
    cut = daily("start", "2023-12-31" if grain == "week" else "2024-01-01", grain=grain, zone="UTC")
    lab = lab(sql, grain=arrival, rows=ROWS_OF_A_YEAR, to=to, partition=cut)
    (out,) = lab.graph.models.values()

    lab.run()

    assert not out.one_by_one
    assert [(str(start), n) for start, n in lab.rows("marts.out")] == expected
