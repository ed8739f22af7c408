-- Each big airport's worst day: a window function over daily means
WITH daily AS (
  SELECT origin, CAST(date AS date) AS day, count(*) AS flights, avg(CAST(delay AS double)) AS mean_delay
  FROM flights
  GROUP BY origin, CAST(date AS date)
), ranked AS (
  SELECT origin, day, flights, round(mean_delay, 2) AS mean_delay,
         row_number() OVER (PARTITION BY origin ORDER BY mean_delay DESC, day) AS place
  FROM daily
  WHERE flights >= 300
)
SELECT origin, day, flights, mean_delay
FROM ranked
WHERE place = 1
ORDER BY mean_delay DESC, origin
LIMIT 10
