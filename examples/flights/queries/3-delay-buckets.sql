-- How late is late
SELECT CASE WHEN delay <= 0 THEN 'a) on time'
            WHEN delay <= 15 THEN 'b) up to 15 minutes'
            WHEN delay <= 60 THEN 'c) up to an hour'
            WHEN delay <= 180 THEN 'd) up to three hours'
            ELSE 'e) more' END AS bucket,
       count(*) AS flights, min(delay) AS least, max(delay) AS most
FROM flights
GROUP BY 1
ORDER BY 1
