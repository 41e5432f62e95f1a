-- A row: a segment, the one with the most persons first.
SELECT
  COALESCE(segment, 'none') AS segment,
  COUNT(*) AS persons,
  COALESCE(SUM(monetary), 0) AS net_revenue
FROM customer.rfm
GROUP BY COALESCE(segment, 'none')
ORDER BY persons DESC, segment
