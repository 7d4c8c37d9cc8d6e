SELECT flight_date, COUNT(*) AS flights
FROM lake.flights
GROUP BY flight_date
