"""A year of plays on a video platform, made up: ``python -m benchmarks.plays DATABASE PLAYS``.

Most people come on a few days of the year and some on most of them; who comes watches several videos, and some watch
very many. Everyone lives in one of 20 countries, a fifth of them in the largest, and mostly watches on the same of
four platforms. Days follow each other in the file, as partitions do. The same number of plays gives the same rows, as
long as DuckDB's hash stays as it is.

Nothing of aggregator is imported here.
"""

from __future__ import annotations

import sys

import duckdb

from benchmarks.measure import answer

DAYS, FIRST = 365, "2025-01-01"
COUNTRIES = ["US", "DE", "FR", "GB", "IN", "BR", "MX", "ES", "IT", "NL"]
COUNTRIES += ["PL", "SE", "JP", "KR", "CA", "AU", "AT", "CH", "BE", "PT"]
PLATFORMS = ["phone", "tv", "web", "tablet"]
_PLAYS_PER_VISIT, _PLAYS_PER_USER, _MOST_PLAYS = 4.434, 60, 200

_USER, _DAY, _PLAYS, _AWAY, _COUNTRY, _PLATFORM, _SECONDS = range(7)
"""What a random number is for: each has its own."""

_UNIFORM = "uniform(number, what) AS CAST(hash(number * 8 + what) >> 11 AS DOUBLE) / 9007199254740992"
_PICKED = "picked(items, share) AS items[1 + CAST(floor(len(items) * share) AS BIGINT)]"
_LOG = f"""
CREATE TABLE lake.plays AS
WITH visits AS (
  SELECT
    visit,
    CAST(floor($users * power(uniform(visit, {_USER}), 3)) AS BIGINT) AS visitor,
    CAST(floor({DAYS} * uniform(visit, {_DAY})) AS INTEGER) AS since,
    CAST(least({_MOST_PLAYS}, floor(2 * power(1 - uniform(visit, {_PLAYS}), -0.6))) AS BIGINT) AS plays
  FROM range($visits) AS _(visit)
),
plays AS (SELECT *, unnest(range(plays)) AS play FROM visits)
SELECT
  DATE '{FIRST}' + since AS day,
  picked({COUNTRIES}, power(uniform(visitor, {_COUNTRY}), 2)) AS country,
  picked(
    {PLATFORMS}, power(uniform(if(uniform(visit, {_AWAY}) < 0.8, visitor, visit), {_PLATFORM}), 1.5)
  ) AS platform,
  visitor * 7919 + 13 AS user_id,
  CAST(round(60 * power(1 - uniform(visit * 256 + play, {_SECONDS}), -0.5)) AS BIGINT) AS amount
FROM plays
ORDER BY since, hash(visit * 256 + play)
"""
_COUNTS = f"""
SELECT
  COUNT(*) AS plays,
  COUNT(DISTINCT user_id) AS users,
  COUNT(DISTINCT (since, user_id)) AS user_days,
  AVG(length(country)) AS country_length,
  AVG(length(platform)) AS platform_length
FROM (SELECT *, day - DATE '{FIRST}' AS since FROM lake.plays)
"""


def write_log(db: duckdb.DuckDBPyConnection, plays: int) -> dict[str, float]:
    """Make ``lake.plays`` with about as many rows, and count what is in it."""
    for macro in (_UNIFORM, _PICKED):
        db.execute(f"CREATE TEMP MACRO {macro}")
    db.execute("CREATE SCHEMA lake")
    visits, users = max(int(plays / _PLAYS_PER_VISIT), 1), max(plays // _PLAYS_PER_USER, 1)
    db.execute(_LOG, {"visits": visits, "users": users})
    cursor = db.execute(_COUNTS)
    names = [each[0] for each in cursor.description or ()]
    return dict(zip(names, cursor.fetchone() or (), strict=True))


if __name__ == "__main__":
    with duckdb.connect(sys.argv[1]) as connection:
        answer(write_log(connection, int(sys.argv[2])))
