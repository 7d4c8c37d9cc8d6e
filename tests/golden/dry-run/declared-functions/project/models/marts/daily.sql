/*---
description: A model.
owner: a@example.com
partition: {by: flight_date, grain: day, from: 2013-01-01}
key: [flight_date, name]
---*/
SELECT f.flight_date, tools.clean(f.carrier) AS name, COUNTIF(tools.late(f.dep_delay)) AS late,
  MAX(tools.last_day()) AS last_day, COUNT(a.origin) AS of_american
FROM lake.flights AS f
LEFT JOIN tools.of_carrier('AA') AS a ON a.flight_date = f.flight_date AND a.origin = f.origin
GROUP BY f.flight_date, name
