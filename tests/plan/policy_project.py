"""One source, one model by day and its reader: what the tests of policies share."""

from __future__ import annotations

from pathlib import Path

from lab import Lab, daily, graph_of, model, source

START, END = "2013-01-01", "2013-01-05"
DAYS = ["2013-01-01", "2013-01-02", "2013-01-03", "2013-01-04"]
FACTS = source({"day": "DATE", "n": "INT64"}, partition=daily("day", START, END))
SQL = "SELECT day, SUM(n) AS n FROM lake.facts GROUP BY day"
OTHER_SQL = "SELECT day, SUM(n) + 100 AS n FROM lake.facts GROUP BY day"
MARTS = "marts.daily"


def project(tmp_path: Path, sql: str = SQL, **front: object) -> Lab:
    """One source, one model by day and its reader, in a database that is kept from call to call."""
    files = {
        "models/lake/facts.yml": FACTS,
        "models/marts/daily.sql": model(sql, **{"partition": daily("day", START), **front}),
        "models/marts/total.sql": model("SELECT SUM(n) AS n FROM marts.daily"),
    }
    lab = Lab.at(tmp_path / "db", graph_of(tmp_path / "project", files))
    if not lab.path.exists():
        with lab.engine():
            pass
        rows = ", ".join(f"(DATE '{day}', {number})" for number, day in enumerate(DAYS, start=1))
        lab.execute(
            "CREATE SCHEMA lake",
            "CREATE TABLE lake.facts (day DATE, n BIGINT)",
            f"INSERT INTO lake.facts VALUES {rows}",
        )
        assert lab.run().is_clean
    return lab


def of_days(reason: str, *days: str) -> dict[tuple[str, str], str]:
    return {(MARTS, day): reason for day in days}


TOTAL = {("marts.total", ""): "input"}
