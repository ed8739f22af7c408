-- The busiest routes
SELECT origin, destination, count(*) AS flights, min(distance) AS miles
FROM flights
GROUP BY origin, destination
ORDER BY flights DESC, origin, destination
LIMIT 10
