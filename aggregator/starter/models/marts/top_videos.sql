/*---
description: The ten videos that were watched most in each month.
owner: content-analytics@example.com
schedule: monthly
partition: {by: month, grain: month, from: 2025-03-01}
key: [month, rank]
columns:
  month: First day of the month
  rank: 1 is the video with the most hours watched; no two videos share a rank
  views: Plays, short ones included
  completion_rate: Share of the plays that saw the video to the end
  hours_watched: Hours watched
checks:
  - not_null: [video_id, title]
  - expect_column_values_to_be_between: {column: rank, min_value: 1, max_value: 10}
  - expect_table_row_count_to_be_between: {min_value: 10, max_value: 10}
tags: [views]
---*/
WITH videos AS (
  SELECT
    DATE_TRUNC(played_date, MONTH) AS month,
    video_id,
    MAX(title) AS title,
    SUM(views) AS views,
    -- From counts, so that a busy Sunday weighs more than a quiet Monday.
    SAFE_DIVIDE(SUM(completed_views), SUM(views)) AS completion_rate,
    SUM(hours_watched) AS hours_watched
  FROM marts.daily_views
  GROUP BY month, video_id
),
ranked AS (
  SELECT
    month,
    ROW_NUMBER() OVER (PARTITION BY month ORDER BY hours_watched DESC, video_id) AS rank,
    video_id,
    title,
    views,
    completion_rate,
    hours_watched
  FROM videos
)
SELECT month, rank, video_id, title, views, completion_rate, hours_watched
FROM ranked
WHERE rank <= 10
