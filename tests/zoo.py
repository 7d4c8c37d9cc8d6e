"""A project with a model of every kind, and what each must hold, said once more in plain SQL over the sources.

The plain SQL (the oracles) knows nothing of partitions, filters or batches: it is asked once, over everything.
"""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from lab import NEVER_OVER, Lab, Rows, daily, model, source, values

from aggregator.core.graph import Graph
from aggregator.core.names import TableName
from aggregator.plan.due import due_partitions

DAYS = 9
"""Days of facts."""

SOURCES = {
    "lake.facts": {"day": "DATE", "k": "STRING", "n": "INT64", "x": "FLOAT64"},
    "lake.other": {"day": "DATE", "k": "STRING", "m": "INT64"},
    "lake.events": {"moment": "TIMESTAMP", "k": "STRING", "n": "INT64"},
    "lake.names": {"k": "STRING", "label": "STRING"},
}
GUARD = 10**16
"""No number of ``marts.guarded`` may be greater."""
ZONES = {"new_york": "America/New_York", "paris": "Europe/Paris", "kolkata": "Asia/Kolkata", "havana": "America/Havana"}
_PARTITIONED = {"lake.facts": "day", "lake.other": "day", "lake.events": "moment"}
_DUCKDB = {"STRING": "VARCHAR", "INT64": "BIGINT", "FLOAT64": "DOUBLE", "TIMESTAMP": "TIMESTAMPTZ", "DATE": "DATE"}


@dataclasses.dataclass(frozen=True)
class Species:
    """One kind of model: its SELECT, its front matter, and its oracle in DuckDB's SQL."""

    sql: str
    oracle: str
    front: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def files(start: datetime, only: Collection[str] = ()) -> dict[str, str]:
    """The project, for facts that begin at a day; with all models, or only some."""
    first, last = _iso(start), _iso(start + timedelta(days=DAYS))
    made = {}
    for name, columns in SOURCES.items():
        by = _PARTITIONED.get(name)
        made[_path(name, "yml")] = source(columns, **({"partition": daily(by, first, last)} if by else {}))
    for name, species in _species(start).items():
        if only and name not in only:
            continue
        made[_path(name, "sql")] = model(textwrap.dedent(species.sql).strip(), **species.front)
    return made


def _path(name: str, suffix: str) -> str:
    return f"models/{name.replace('.', '/')}.{suffix}"


def _iso(moment: datetime) -> str:
    return moment.isoformat()[:10]


def _species(start: datetime) -> dict[str, Species]:
    every_day = {"partition": daily("day", _iso(start))}
    second, fourth = (_iso(start + timedelta(days=days)) for days in (1, 3))
    every_hour = {"by": "hour", "grain": "hour", "from": f"{second}T00", "to": f"{fourth}T00"}
    last = _iso(start + timedelta(days=DAYS - 1))
    days = f"(SELECT UNNEST(generate_series(DATE '{_iso(start)}', DATE '{last}', INTERVAL 1 DAY))::DATE AS d)"
    grouped = "SELECT day, k, COUNT(*) AS c, SUM(n) AS total, SUM(x) AS weight FROM lake.facts GROUP BY day, k"
    return {
        "marts.by_day": Species(
            grouped,
            grouped,
            every_day,
        ),
        "marts.joined": Species(
            """
                SELECT f.day, f.k, f.n, o.m
                FROM lake.facts AS f
                JOIN lake.other AS o ON o.day = f.day AND o.k = f.k
                """,
            "SELECT f.day, f.k, f.n, o.m FROM lake.facts AS f JOIN lake.other AS o USING (day, k)",
            every_day,
        ),
        "marts.left_joined": Species(
            """
                SELECT f.day, f.k, f.n, o.m
                FROM lake.facts AS f
                LEFT JOIN lake.other AS o ON o.day = f.day AND o.k = f.k
                """,
            "SELECT f.day, f.k, f.n, o.m FROM lake.facts AS f LEFT JOIN lake.other AS o USING (day, k)",
            every_day,
        ),
        "marts.ranked": Species(
            """
                SELECT
                  day, k, n,
                  RANK() OVER (PARTITION BY day ORDER BY n) AS place,
                  SUM(n) OVER (PARTITION BY day, k) AS of_k
                FROM lake.facts
                """,
            """
                SELECT
                  day, k, n,
                  RANK() OVER (PARTITION BY day ORDER BY n NULLS FIRST),
                  SUM(n) OVER (PARTITION BY day, k)
                FROM lake.facts
                """,
            every_day,
        ),
        "marts.both": Species(
            "SELECT day, k, n FROM lake.facts UNION ALL SELECT day, k, -m AS n FROM lake.other",
            "SELECT day, k, n FROM lake.facts UNION ALL SELECT day, k, -m FROM lake.other",
            every_day,
        ),
        "marts.kinds": Species(
            "SELECT DISTINCT day, k FROM lake.facts",
            "SELECT DISTINCT day, k FROM lake.facts",
            every_day,
        ),
        "marts.last_three": Species(
            """
                SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, k, SUM(n) AS total, COUNT(DISTINCT day) AS days
                FROM lake.facts
                GROUP BY k
                """,
            f"""
                SELECT d, k, SUM(n), COUNT(DISTINCT day)
                FROM {days} JOIN lake.facts ON day BETWEEN d - 2 AND d
                GROUP BY d, k
                """,
            {**every_day, "inputs": {"lake.facts": {"last": "3 days"}}},
        ),
        "marts.day_before": Species(
            """
                SELECT today.day, today.k, today.total, before.total AS before
                FROM marts.by_day AS today
                LEFT JOIN marts.by_day AS before ON before.k = today.k
                """,
            f"""
                SELECT t.day, t.k, t.total, b.total
                FROM ({grouped}) AS t
                LEFT JOIN ({grouped}) AS b ON b.k = t.k AND b.day = t.day - 1
                """,
            {**every_day, "inputs": {"before": {"offset": "1 day"}}},
        ),
        "marts.so_far": Species(
            """
                SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, k, SUM(total) AS total
                FROM (SELECT k, total FROM marts.so_far UNION ALL SELECT k, total FROM marts.by_day)
                GROUP BY k
                """,
            f"SELECT d, k, SUM(n) FROM {days} JOIN lake.facts ON day <= d GROUP BY d, k",
            {**every_day, "inputs": {"marts.so_far": "previous"}, "columns": {"total": {"type": "INT64"}}},
        ),
        "marts.whole": Species(
            "SELECT k, COUNT(*) AS c, SUM(n) AS total FROM lake.facts GROUP BY k",
            "SELECT k, COUNT(*), SUM(n) FROM lake.facts GROUP BY k",
        ),
        "marts.shares": Species(
            """
                SELECT d.day, d.k, d.total, w.total AS of_all, names.label
                FROM marts.by_day AS d
                JOIN marts.whole AS w ON w.k = d.k
                LEFT JOIN lake.names AS names ON names.k = d.k
                """,
            f"""
                SELECT d.day, d.k, d.total, w.total, names.label
                FROM ({grouped}) AS d
                JOIN (SELECT k, SUM(n) AS total FROM lake.facts GROUP BY k) AS w ON w.k = d.k
                LEFT JOIN lake.names AS names ON names.k = d.k
                """,
            every_day,
        ),
        "marts.ever": Species(
            """
                SELECT f.day, f.k, COUNT(*) AS c
                FROM lake.facts AS f
                JOIN lake.other AS o ON o.k = f.k
                GROUP BY f.day, f.k
                """,
            """
                SELECT f.day, f.k, COUNT(*) FROM lake.facts AS f JOIN lake.other AS o ON o.k = f.k GROUP BY ALL
                """,
            {**every_day, "inputs": {"lake.other": "all"}},
        ),
        "marts.by_month": Species(
            """
                SELECT DATE_TRUNC(day, MONTH) AS month, k, SUM(total) AS total FROM marts.by_day GROUP BY month, k
                """,
            "SELECT DATE_TRUNC('month', day)::DATE, k, SUM(n) FROM lake.facts GROUP BY ALL",
            {"partition": daily("month", f"{_iso(start)[:7]}-01", grain="month")},
        ),
        "marts.of_month": Species(
            """
                SELECT d.day, d.k, d.total, m.total AS of_month
                FROM marts.by_day AS d
                JOIN marts.by_month AS m ON m.month = DATE_TRUNC(d.day, MONTH) AND m.k = d.k
                """,
            f"""
                SELECT d.day, d.k, d.total, m.total
                FROM ({grouped}) AS d
                JOIN (SELECT DATE_TRUNC('month', day) AS month, k, SUM(n) AS total FROM lake.facts GROUP BY ALL) AS m
                  ON m.month = DATE_TRUNC('month', d.day) AND m.k = d.k
                """,
            every_day,
        ),
        "marts.by_hour": Species(
            """
                SELECT TIMESTAMP_TRUNC(moment, HOUR) AS hour, k, COUNT(*) AS c, SUM(n) AS total
                FROM lake.events
                GROUP BY hour, k
                """,
            "SELECT DATE_TRUNC('hour', moment), k, COUNT(*), SUM(n) FROM lake.events GROUP BY ALL",
            {"partition": every_hour},
        ),
        "marts.local_hour": Species(
            """
                SELECT DATETIME_TRUNC(DATETIME(moment, 'America/New_York'), HOUR) AS hour, k, COUNT(*) AS c
                FROM lake.events
                GROUP BY 1, k
                """,
            """
                SELECT DATE_TRUNC('hour', timezone('America/New_York', moment)), k, COUNT(*)
                FROM lake.events
                GROUP BY ALL
                """,
            {"partition": {**every_hour, "zone": "America/New_York"}},
        ),
        "marts.totals": Species(
            "SELECT k, SUM(total) AS total FROM marts.by_day GROUP BY k",
            "SELECT k, SUM(n) FROM lake.facts GROUP BY k",
            {"kind": "view"},
        ),
        "marts.labelled": Species(
            """
                SELECT t.k, t.total, names.label
                FROM marts.totals AS t
                JOIN lake.names AS names ON names.k = t.k
                """,
            """
                SELECT t.k, t.total, names.label
                FROM (SELECT k, SUM(n) AS total FROM lake.facts GROUP BY k) AS t
                JOIN lake.names AS names ON names.k = t.k
                """,
        ),
        "marts.guarded": Species(
            "SELECT day, k, n FROM lake.facts",
            "SELECT day, k, n FROM lake.facts",
            {**every_day, "checks": [{"expect_column_values_to_be_between": {"column": "n", "max_value": GUARD}}]},
        ),
        "marts.behind_guard": Species(
            "SELECT day, MAX(n) AS most FROM marts.guarded GROUP BY day",
            "SELECT day, MAX(n) FROM lake.facts GROUP BY day",
            every_day,
        ),
        **{f"marts.days_of_{short}": _local_days(zone, start) for short, zone in ZONES.items()},
    }


def _local_days(zone: str, start: datetime) -> Species:
    return Species(
        f"SELECT DATE(moment, '{zone}') AS day, k, COUNT(*) AS c, SUM(n) AS total FROM lake.events GROUP BY day, k",
        f"SELECT timezone('{zone}', moment)::DATE, k, COUNT(*), SUM(n) FROM lake.events GROUP BY ALL",
        {"partition": daily("day", _iso(start), zone=zone)},
    )


def fill(lab: Lab, rows: Mapping[str, list[tuple[Any, ...]]]) -> None:
    """Put rows into the sources, whose tables are made if they are not there."""
    with lab.engine():
        pass  # makes the file
    with lab.connection() as db:
        db.execute("CREATE SCHEMA IF NOT EXISTS lake")
        for name, columns in SOURCES.items():
            listed = ", ".join(f"{column} {_DUCKDB[type_]}" for column, type_ in columns.items())
            db.execute(f"CREATE TABLE IF NOT EXISTS {name} ({listed})")
            if rows.get(name):
                db.execute(f"INSERT INTO {name} VALUES {values(rows[name])}")


def copy_sources(lab: Lab, other: Lab) -> None:
    """Give another, new lab the sources of one."""
    fill(other, {})
    with other.connection() as db:
        db.execute(f"ATTACH '{lab.path}' AS original (READ_ONLY)")
        for name in SOURCES:
            db.execute(f"INSERT INTO {name} SELECT * FROM original.{name}")


def expected(lab: Lab, start: datetime) -> dict[str, Rows]:
    """What the oracles say, cut to the partitions that are due."""
    due = due_partitions(lab.graph, NEVER_OVER)
    found = {}
    with lab.connection() as db:
        for name, species in _species(start).items():
            rows = db.execute(f"SELECT * FROM ({species.oracle}) ORDER BY ALL").fetchall()
            found[name] = [row for row in rows if _is_due(row, lab.graph, name, due)]
    return found


def _is_due(row: tuple[Any, ...], graph: Graph, text: str, due: Mapping[TableName, tuple[str, ...]]) -> bool:
    name = TableName(*text.split("."))
    calendar = graph.calendars[name]
    return calendar is None or row[0].isoformat()[: calendar.grain.id_length] in due[name]
