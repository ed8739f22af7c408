-- Click-through rate per hour and advertiser
WITH shown AS (
  SELECT inserted_at, advertiser_id, count(*) AS impressions
  FROM impressions
  GROUP BY inserted_at, advertiser_id
), clicked AS (
  SELECT i.inserted_at, i.advertiser_id, count(*) AS clicks
  FROM clicks c
  JOIN impressions i ON i.id = c.impression_id
  GROUP BY i.inserted_at, i.advertiser_id
)
SELECT s.inserted_at AS hour, f.advertiser, s.impressions, coalesce(c.clicks, 0) AS clicks,
       round(1e2 * coalesce(c.clicks, 0) / s.impressions, 2) AS ctr_percent
FROM shown s
JOIN facts f ON f.advertiser_id = s.advertiser_id
LEFT JOIN clicked c ON c.inserted_at = s.inserted_at AND c.advertiser_id = s.advertiser_id
ORDER BY hour, ctr_percent DESC, f.advertiser
