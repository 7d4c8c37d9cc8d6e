/*---
description: How many people watched in each country in the seven days that end with played_date, and how much.
owner: content-analytics@example.com
schedule: daily
partition: {by: played_date, grain: day, from: 2025-03-30}      # the first day with a whole week behind it
key: [played_date, country]
inputs: {staging.plays: {last: 7 days}}
columns:
  played_date: {type: DATE, description: Last of the seven days}
  viewers: People who watched in these seven days; each counts once
  views: Plays, short ones included
  views_per_viewer: Mean number of plays of a person
  hours_watched: Hours watched
checks:
  - not_null: [country, viewers]
  - expect_column_values_to_be_between: {column: views_per_viewer, min_value: 1}
tags: [views]
---*/
-- From the plays, not from daily_views: who watches on three days of the week is one viewer, not three.
SELECT
  DATE_SUB(@end, INTERVAL 1 DAY) AS played_date,
  country,
  COUNT(DISTINCT user_id) AS viewers,
  COUNT(*) AS views,
  SAFE_DIVIDE(COUNT(*), COUNT(DISTINCT user_id)) AS views_per_viewer,
  SUM(seconds_watched) / 3600 AS hours_watched
FROM staging.plays
GROUP BY country
