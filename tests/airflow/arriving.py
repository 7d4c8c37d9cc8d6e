"""A project whose DAGs start when partitions arrive: hours and factors make days, and these a month."""

from __future__ import annotations

from lab import daily, model, source

SUM = "SELECT {key}, SUM(n) AS n FROM {table} GROUP BY {by}"
HOURS, DAYS = (daily(by, "2024-01-30", "2024-02-01", grain=grain) for by, grain in (("at", "hour"), ("day", "day")))
FILES = {
    "aggregator.yml": "project: chain\nenvironments: {local: {engine: duckdb, path: local.duckdb}}\n"
    "default_environment: local\n",
    "models/lake/facts.yml": source({"at": "TIMESTAMP", "n": "INT64"}, partition=HOURS, local="facts.csv"),
    "models/staging/hours.sql": model(
        SUM.format(key="at", table="lake.facts", by="at"), partition=HOURS, schedule="hourly"
    ),
    "models/dims/factors.sql": model(
        SUM.format(key="DATE(at) AS of_day", table="lake.facts", by="of_day"),
        partition=daily("of_day", "2024-01-30", "2024-02-01"),
        schedule="daily",
    ),
    "models/marts/days.sql": model(
        "SELECT DATE(h.at) AS day, SUM(h.n) AS n, MAX(f.n) AS total FROM staging.hours AS h"
        " JOIN dims.factors AS f ON DATE(h.at) = f.of_day GROUP BY day",
        partition=DAYS,
        schedule="daily",
    ),
    "models/reports/months.sql": model(
        SUM.format(key="DATE_TRUNC(day, MONTH) AS month", table="marts.days", by="month"),
        partition=daily("month", "2024-01-01", "2024-02-01", grain="month"),
        schedule="monthly",
    ),
    "models/lake/planes.yml": source({"tail": "STRING"}),
    "models/plain/day.sql": model(
        "SELECT @start AS day, COUNT(*) AS n FROM lake.planes", partition=DAYS, schedule="daily"
    ),
    "models/mixed/two.sql": model(
        SUM.format(key="day", table="marts.days", by="day"), partition=DAYS, schedule="daily"
    ),
    "models/mixed/one.sql": model(
        SUM.format(key="DATE_TRUNC(day, MONTH) AS month", table="marts.days", by="month"),
        partition=daily("month", "2024-01-01", "2024-02-01", grain="month"),
        schedule="daily",
    ),
}
ARRIVING = ["marts_daily", "reports_monthly"]


def write_facts(root, **values):
    numbers = {f"2024-01-{day}T{hour:02}:00:00": 1 for day in (30, 31) for hour in range(24)} | values
    (root / "facts.csv").write_text("".join(["at,n\n", *(f"{at},{n}\n" for at, n in numbers.items())]))
