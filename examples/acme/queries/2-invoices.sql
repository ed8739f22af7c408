-- Invoices: clicks at each advertiser's price
SELECT f.advertiser, f.country, count(*) AS clicks, f.price_per_click,
       sum(f.price_per_click) AS amount
FROM clicks c
JOIN impressions i ON i.id = c.impression_id
JOIN facts f ON f.advertiser_id = i.advertiser_id
GROUP BY f.advertiser, f.country, f.price_per_click
ORDER BY amount DESC, f.advertiser
