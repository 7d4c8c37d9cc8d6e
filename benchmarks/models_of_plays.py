"""The project whose SQL is measured: a log of plays, aggregates of it by day, and roll-ups of these."""

from __future__ import annotations

PROJECT = {
    "aggregator.yml": """\
project: plays
environments:
  local: {engine: duckdb, path: plays.duckdb}
default_environment: local
""",
    "models/lake/plays.yml": """\
source:
  description: A line for each play.
  owner: a@example.com
  columns: {day: DATE, country: STRING, platform: STRING, user_id: INT64, amount: INT64}
  partition: {by: day, grain: day, from: 2025-01-01}
""",
    "models/marts/daily.sql": """\
/*---
description: Plays and seconds watched, per day.
owner: a@example.com
partition: {by: day, grain: day, from: 2025-01-01}
dimensions: [day, country, platform]
measures:
  plays: {count: "*"}
  seconds: {sum: amount}
  shortest: {min: amount}
  longest: {max: amount}
---*/
SELECT day, country, platform, amount FROM lake.plays
""",
    "models/marts/daily_users.sql": """\
/*---
description: Who watched, per day.
owner: a@example.com
partition: {by: day, grain: day, from: 2025-01-01}
dimensions: [day, country]
measures: {users: {distinct: user_id}}
---*/
SELECT day, country, user_id FROM lake.plays
""",
    "models/marts/monthly.yml": "rollup: {of: marts.daily, to: month}\n",
    "models/marts/monthly_users.yml": "rollup: {of: marts.daily_users, to: month}\n",
    "models/marts/actives.yml": "rollup: {of: marts.daily_users, to: {rolling: 28 days}}\n",
    "models/rows/monthly.sql": """\
/*---
description: The same as marts.monthly, without states.
owner: a@example.com
partition: {by: month, grain: month, from: 2025-01-01}
---*/
SELECT
  DATE_TRUNC(day, MONTH) AS month, country, platform,
  COUNT(*) AS plays, SUM(amount) AS seconds, MIN(amount) AS shortest, MAX(amount) AS longest
FROM lake.plays
GROUP BY month, country, platform
""",
    "models/rows/monthly_users.sql": """\
/*---
description: The same as marts.monthly_users, without states.
owner: a@example.com
partition: {by: month, grain: month, from: 2025-01-01}
---*/
SELECT DATE_TRUNC(day, MONTH) AS month, country, COUNT(DISTINCT user_id) AS users
FROM lake.plays
GROUP BY month, country
""",
    "models/rows/actives.sql": """\
/*---
description: The same as marts.actives, without states.
owner: a@example.com
partition: {by: day, grain: day, from: 2025-01-28}
inputs: {lake.plays: {last: 28 days}}
---*/
SELECT DATE_SUB(@end, INTERVAL 1 DAY) AS day, country, COUNT(DISTINCT user_id) AS users
FROM lake.plays
GROUP BY country
""",
}
"""Roll-ups in ``marts``; in ``rows`` the same questions, as they are asked of rows."""
