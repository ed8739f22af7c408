-- The ten busiest airports and how late their flights arrive
SELECT origin, count(*) AS flights, round(avg(delay), 2) AS mean_delay, max(delay) AS worst
FROM flights
GROUP BY origin
ORDER BY flights DESC, origin
LIMIT 10
