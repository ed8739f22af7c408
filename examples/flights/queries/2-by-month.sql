-- Month by month
SELECT date_trunc('month', date) AS month, count(*) AS flights,
       sum(distance) AS miles, count_if(delay > 60) AS more_than_an_hour_late
FROM flights
GROUP BY date_trunc('month', date)
ORDER BY month
