-- A row: a bin of net revenue with persons in it, the least first. lower is in the bin, upper is not.
--
-- Bins begin at 0, 1, 2, 5, 10, 20, 50 and so on, since revenue spreads over powers of ten; all below 0 is one bin.
WITH person AS (
  SELECT
    CAST(net_revenue AS DOUBLE) AS net_revenue,
    CASE WHEN net_revenue >= 1 THEN POWER(10.0, FLOOR(LOG10(CAST(net_revenue AS DOUBLE)))) END AS magnitude
  FROM customer.order_features
  WHERE net_revenue IS NOT NULL
),
placed AS (
  SELECT
    CASE
      WHEN net_revenue < 0 THEN NULL
      WHEN net_revenue < 1 THEN 0
      WHEN net_revenue < 2 * magnitude THEN magnitude
      WHEN net_revenue < 5 * magnitude THEN 2 * magnitude
      ELSE 5 * magnitude
    END AS lower,
    CASE
      WHEN net_revenue < 0 THEN 0
      WHEN net_revenue < 1 THEN 1
      WHEN net_revenue < 2 * magnitude THEN 2 * magnitude
      WHEN net_revenue < 5 * magnitude THEN 5 * magnitude
      ELSE 10 * magnitude
    END AS upper
  FROM person
)
SELECT
  lower,
  upper,
  COUNT(*) AS persons
FROM placed
GROUP BY lower, upper
ORDER BY upper
