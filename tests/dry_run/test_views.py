"""What is read through views: base tables, with only the columns that are used."""

from __future__ import annotations

import pytest
from estimated import estimated, graph, stored
from lab import daily, model, name, source

from aggregator.dry_run.views import scans

FACTS = {"day": "DATE", "k": "STRING", "n": "INT64", "x": "FLOAT64", "y": "FLOAT64"}
LAKE = {
    "models/lake/facts.yml": source(FACTS, partition=daily("day", "2025-05-01")),
    "models/lake/names.yml": source({"k": "STRING", "label": "STRING"}),
}
ALL = tuple(FACTS)


def project(view: str, *, sql: str = "SELECT n FROM marts.view", **more: str):
    files = {f"models/marts/{each}.sql": model(text, kind="view") for each, text in {"view": view, **more}.items()}
    return graph({**LAKE, **files, "models/marts/out.sql": model(sql)})


def read(view: str, used, told, **more) -> dict[str, tuple[str, bool]]:
    """By base table: the columns that are read, and whether that is certain. ``told`` is what the view reads."""
    compiled = project(view, **more)
    reads = {name("marts.out"): {"marts.view": used}, name("marts.view"): told}
    found = scans(compiled.models[name("marts.out")], compiled, reads)
    return {str(each.table): (" ".join(sorted(each.columns)), each.columns == each.surely) for each in found}


EXACT = {
    "only what is used": ("SELECT * FROM lake.facts", ("n",), ALL, "n"),
    "everything": ("SELECT * FROM lake.facts", ALL, ALL, "day k n x y"),
    "nothing but the number of rows": ("SELECT * FROM lake.facts", (), ALL, ""),
    "what is filtered by, though it is no output": (
        "SELECT k, n FROM lake.facts WHERE x > 0",
        ("n",),
        ("k", "n", "x"),
        "n x",
    ),
    "what is filtered by, though that output is not used": (
        "SELECT k, n, x FROM lake.facts WHERE x > 0",
        ("n",),
        ("k", "n", "x"),
        "n x",
    ),
    "what is grouped by, though it is not used": (
        "SELECT k, SUM(n) AS n, SUM(x) AS x FROM lake.facts GROUP BY k",
        ("n",),
        ("k", "n", "x"),
        "k n",
    ),
    "groups by an alias": (
        "SELECT DATE_TRUNC(day, MONTH) AS m, SUM(n) AS n, SUM(x) AS x FROM lake.facts GROUP BY m",
        ("n",),
        ("day", "n", "x"),
        "day n",
    ),
    "groups by position": (
        "SELECT k, SUM(n) AS n, SUM(x) AS x FROM lake.facts GROUP BY 1",
        ("n",),
        ("k", "n", "x"),
        "k n",
    ),
    "the rows of DISTINCT are all of its columns": ("SELECT DISTINCT k, n FROM lake.facts", ("n",), ("k", "n"), "k n"),
    "a window that is used": (
        "SELECT n, x, SUM(n) OVER (PARTITION BY k ORDER BY y) AS w FROM lake.facts",
        ("w",),
        ("k", "n", "x", "y"),
        "k n y",
    ),
    "a window that is not used": (
        "SELECT n, x, SUM(n) OVER (PARTITION BY k ORDER BY y) AS w FROM lake.facts",
        ("n",),
        ("k", "n", "x", "y"),
        "n",
    ),
    "a window that filters": (
        "SELECT n, x FROM lake.facts QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY y) = 1",
        ("n",),
        ("k", "n", "x", "y"),
        "k n y",
    ),
    "an output that is called otherwise": ("SELECT n AS a, x AS n FROM lake.facts", ("a",), ("n", "x"), "n"),
    "an output that filters by its own name": (
        "SELECT n, x + y AS z FROM lake.facts QUALIFY RANK() OVER (ORDER BY z) = 1",
        ("n",),
        ("n", "x", "y"),
        "n x y",
    ),
}


@pytest.mark.parametrize(("view", "used", "told", "expected"), EXACT.values(), ids=EXACT)
def test_columns_through_a_view(view, used, told, expected):
    column = used[0] if used else "COUNT(*) AS c"

    assert read(view, used, {"lake.facts": told}, sql=f"SELECT {column} FROM marts.view") == {
        "lake.facts": (expected, True)
    }


AT_MOST = {
    "a column that a subquery names": (
        "SELECT n, x FROM (SELECT n, x, k FROM lake.facts) WHERE k > ''",
        ("k", "n", "x"),
        "k n x",
    ),
    "a column of WITH": ("WITH f AS (SELECT n, x FROM lake.facts) SELECT n, x FROM f", ("n", "x"), "n x"),
    "a condition in the SELECT list": (
        "SELECT n, x, (SELECT MAX(label) FROM lake.names AS o WHERE o.k = f.k) AS label FROM lake.facts AS f",
        ("k", "n", "x"),
        "k n",
    ),
}


@pytest.mark.parametrize(("view", "told", "expected"), AT_MOST.values(), ids=AT_MOST)
def test_views_of_several_queries_may_need_less(view, told, expected):
    columns, _ = read(view, ("n",), {"lake.facts": told, "lake.names": ("k", "label")})["lake.facts"]

    assert columns == expected


def test_sides_of_a_union():
    view = "SELECT n, x FROM lake.facts UNION ALL SELECT n, y AS x FROM lake.facts"

    assert read(view, ("n",), {"lake.facts": ("n", "x", "y")})["lake.facts"][0] == "n"


def test_a_union_without_doubles_needs_all():
    view = "SELECT n, x FROM lake.facts UNION DISTINCT SELECT n, y AS x FROM lake.facts"

    assert read(view, ("n",), {"lake.facts": ("n", "x", "y")})["lake.facts"][0] == "n x y"


def test_a_join_in_a_view():
    view = "SELECT f.n, f.x, o.label FROM lake.facts AS f JOIN lake.names AS o USING (k)"

    assert read(view, ("n",), {"lake.facts": ("k", "n", "x"), "lake.names": ("k", "label")}) == {
        "lake.facts": ("k n", True),
        "lake.names": ("k", True),
    }


def test_a_view_of_a_view():
    compiled = project("SELECT n, x FROM marts.below WHERE y > 0", below="SELECT * FROM lake.facts WHERE k > ''")
    reads = {
        name("marts.out"): {"marts.view": ("n",)},
        name("marts.view"): {"marts.below": ("n", "x", "y")},
        name("marts.below"): {"lake.facts": ALL},
    }

    (found,) = scans(compiled.models[name("marts.out")], compiled, reads)

    assert sorted(found.columns) == sorted(found.surely) == ["k", "n", "y"]


def test_a_table_that_is_read_directly_and_through_a_view_is_read_once():
    sql = "SELECT v.n FROM marts.view AS v JOIN lake.facts AS f ON f.k = v.k"
    compiled = project("SELECT * FROM lake.facts", sql=sql)
    reads = {"marts.out": {"marts.view": ("k", "n"), "lake.facts": ("k",)}, "marts.view": {"lake.facts": ALL}}
    facts = stored("lake.facts", {"k": ("STRING", 100), "n": ("INT64", 80)}, (10, 180))

    found = estimated(compiled, reads=reads, tables=(facts,))

    assert [(str(each.table), each.columns, each.bytes) for each in found.reads] == [("lake.facts", ("k", "n"), 180)]
    assert not found.at_most


def test_of_a_view_that_no_analyzer_looked_at_all_is_read_at_most():
    compiled = project("SELECT n, x FROM lake.facts")
    facts = stored("lake.facts", dict.fromkeys(ALL, ("FLOAT64", 80)), (10, 400))

    found = estimated(compiled, reads={"marts.out": {"marts.view": ("n",)}}, tables=(facts,))

    assert (found.at_least, found.bytes) == (0, 400)
    assert found.how.endswith("lake.facts: no analyzer says which columns are read")


def test_a_view_itself_is_made_for_nothing():
    compiled = project("SELECT n, x FROM lake.facts")

    found = estimated(compiled, "marts.view")

    assert (found.reads, found.bytes, found.billed, found.how) == ((), 0, 0, "nothing is read")


CONDITIONS = {
    "of the view": ("SELECT day, n FROM lake.facts WHERE day > '2025-05-29'", "SELECT n FROM marts.view", (4, True)),
    "of its reader": ("SELECT * FROM lake.facts", "SELECT n FROM marts.view WHERE day < '2025-05-30'", (3, True)),
    "of both": (
        "SELECT * FROM lake.facts WHERE day >= '2025-05-29'",
        "SELECT v.n FROM marts.view AS v WHERE v.day < DATE '2025-05-30'",
        (2, True),
    ),
    "on the column under another name": (
        "SELECT day AS d, n FROM lake.facts",
        "SELECT n FROM marts.view WHERE d = '2025-05-28'",
        (1, True),
    ),
    "in a view of pipes": ("FROM lake.facts |> WHERE day = '2025-05-29'", "SELECT n FROM marts.view", (2, True)),
    "behind WITH in the view": (
        "WITH f AS (SELECT * FROM lake.facts) SELECT * FROM f",
        "SELECT n FROM marts.view WHERE day = '2025-05-31'",
        (4, True),
    ),
    "on something else that it makes": (
        "SELECT DATE_TRUNC(day, MONTH) AS month, n FROM lake.facts",
        "SELECT n FROM marts.view WHERE month = '2025-05-01'",
        (7, False),
    ),
    "behind its GROUP BY": (
        "SELECT day, SUM(n) AS n FROM lake.facts GROUP BY day",
        "SELECT n FROM marts.view WHERE day = '2025-05-28'",
        (7, False),
    ),
    "in one of two mentions of it": (
        "SELECT * FROM lake.facts",
        "SELECT a.n FROM marts.view AS a JOIN marts.view AS b ON a.n = b.n WHERE a.day = '2025-05-28'",
        (7, False),
    ),
    "not there": ("SELECT day, n FROM lake.facts", "SELECT n FROM marts.view", (7, True)),
}
"""With a view and its reader: the rows of the partitions that are read, in hundreds, and whether that is certain."""


@pytest.mark.parametrize(("view", "sql", "expected"), CONDITIONS.values(), ids=CONDITIONS)
def test_partitions_that_conditions_leave_through_a_view(view, sql, expected):
    days = {"2025-05-28": (100, 1600), "2025-05-29": (200, 3200), "2025-05-31": (400, 6400)}
    facts = stored("lake.facts", {"day": ("DATE", 5600), "n": ("INT64", 5600)}, (700, 11200), days)
    reads = {"marts.out": {"marts.view": ("d", "day", "month", "n")}, "marts.view": {"lake.facts": ("day", "n")}}

    found = estimated(project(view, sql=sql), reads=reads, tables=(facts,))

    assert (found.bytes // 1600, not found.at_most) == expected


def test_conditions_on_a_view_of_a_view_are_put_together():
    sql = "SELECT n FROM marts.view WHERE day < '2025-05-31'"
    view, below = "SELECT * FROM marts.below WHERE day > '2025-05-28'", "SELECT day, n FROM lake.facts"
    days = {"2025-05-28": (100, 1600), "2025-05-29": (200, 3200), "2025-05-31": (400, 6400)}
    facts = stored("lake.facts", {"day": ("DATE", 5600), "n": ("INT64", 5600)}, (700, 11200), days)
    used = ("day", "n")
    reads = {
        "marts.out": {"marts.view": used},
        "marts.view": {"marts.below": used},
        "marts.below": {"lake.facts": used},
    }

    assert estimated(project(view, sql=sql, below=below), reads=reads, tables=(facts,)).bytes == 3200
