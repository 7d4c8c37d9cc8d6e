"""A small shop that the tests of plans share."""

from __future__ import annotations

from lab import daily, model, source

FILES = {
    "sales.csv": "day,n\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n2024-01-04,4\n",
    "models/lake/sales.yml": source(
        {"day": "DATE", "n": "INT64"}, partition=daily("day", "2024-01-01", "2024-01-05"), local="sales.csv"
    ),
    "models/marts/by_day.sql": model(
        "SELECT day, SUM(n) AS n, COUNT(*) AS c, MAX(n) AS m FROM lake.sales GROUP BY day",
        partition=daily("day", "2024-01-01"),
    ),
    "models/marts/trailing.sql": model(
        "SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, SUM(c) AS c FROM marts.by_day",
        partition=daily("day", "2024-01-02"),
        inputs={"marts.by_day": {"last": "2 days"}},
    ),
    "models/marts/whole.sql": model("SELECT SUM(c) AS c FROM marts.by_day"),
}
