-- A row: a tenth of the probabilities of being still a customer, with persons in it, the least first.
WITH placed AS (
  SELECT LEAST(FLOOR(10 * CAST(alive_probability AS DOUBLE)), 9) AS tenth
  FROM customer.lifetime_value
  WHERE alive_probability IS NOT NULL
)
SELECT
  tenth / 10 AS lower,
  COUNT(*) AS persons
FROM placed
GROUP BY tenth
ORDER BY tenth
