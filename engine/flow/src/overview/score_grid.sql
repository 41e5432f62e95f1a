-- A row: a recency and a frequency score that persons have, the best recency first.
SELECT
  recency_score,
  frequency_score,
  COUNT(*) AS persons
FROM customer.rfm
WHERE recency_score IS NOT NULL
  AND frequency_score IS NOT NULL
GROUP BY recency_score, frequency_score
ORDER BY recency_score DESC, frequency_score
