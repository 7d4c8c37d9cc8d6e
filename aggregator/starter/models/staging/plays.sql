/*---
description: One row per play, with the day in Berlin that it belongs to. Everything about plays starts here.
owner: data-engineering@example.com
schedule: daily
partition: {by: played_date, grain: day, from: 2025-03-24}
cluster: [video_id]
key: [user_id, played_at]                   # nobody begins two plays at once
columns:
  played_date: Day in Berlin on which the play began
  played_at: Moment at which the play began
  user_id: Who watched
  video_id: What was watched, see lake.videos
  country: Two-letter code of the country, or unknown
  device: phone, tablet, tv or web
  seconds_watched: Seconds watched; skipped seconds do not count
checks:
  - not_null: [user_id, video_id, country]
  - expect_column_values_to_be_between: {column: seconds_watched, min_value: 0, max_value: 86400}
  - expect_table_row_count_to_be_between: {min_value: 10}
tags: [core]
---*/
SELECT DISTINCT                             -- the players report some plays twice
  DATE(played_at, 'Europe/Berlin') AS played_date,
  played_at,
  user_id,
  video_id,
  COALESCE(country, 'unknown') AS country,
  device,
  seconds_watched
FROM lake.plays
