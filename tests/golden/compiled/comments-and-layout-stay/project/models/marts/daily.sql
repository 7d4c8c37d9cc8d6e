/*---
description: Flights per day.
owner: ops@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
---*/
-- what it is
SELECT
    flight_date   -- the day
  , COUNT(*) AS flights   /* all of them */
FROM   lake.flights   -- here
GROUP  BY flight_date;
