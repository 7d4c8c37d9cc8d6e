/*---
description: How often and how long each video was watched in each country, per day.
owner: content-analytics@example.com
schedule: daily
partition: {by: played_date, grain: day, from: 2025-03-24}
cluster: [country]
key: [played_date, video_id, country]       # what makes a row unique; it is checked before rows are published
columns:
  played_date: Day in Berlin
  title: Title as viewers see it
  views: Plays, short ones included
  viewers: People who watched; who watches on two days counts on both, so never add these up over days
  completed_views: Plays that saw the video to the end
  completion_rate: Share of the plays that saw the video to the end
  hours_watched: Hours watched
checks:
  - not_null: [title, genre]
  - expect_column_values_to_be_between: {column: views, min_value: 1}
  - expect_column_values_to_be_between: {column: completion_rate, min_value: 0, max_value: 1}
tags: [views]
---*/
WITH plays AS (
  SELECT
    plays.played_date,
    plays.video_id,
    plays.country,
    plays.user_id,
    plays.seconds_watched,
    videos.title,
    videos.genre,
    {{ is_completed('plays.seconds_watched', 'videos.duration_seconds') }} AS completed
  FROM staging.plays AS plays
  -- LEFT: a video that is not in the catalogue must fail the check of its title, not lose its plays in silence.
  LEFT JOIN lake.videos AS videos ON videos.video_id = plays.video_id
)
SELECT
  played_date,
  video_id,
  country,
  MAX(title) AS title,
  MAX(genre) AS genre,
  COUNT(*) AS views,
  COUNT(DISTINCT user_id) AS viewers,
  COUNTIF(completed) AS completed_views,
  SAFE_DIVIDE(COUNTIF(completed), COUNT(*)) AS completion_rate,
  SUM(seconds_watched) / 3600 AS hours_watched
FROM plays
GROUP BY played_date, video_id, country
