-- A row: a tenth of the persons by net revenue, those who spent most first. Person i of n is in tenth ceil(10 i / n);
-- among equals it does not matter who comes first, since only revenue is told.
WITH ranked AS (
  SELECT
    net_revenue,
    CAST(ROW_NUMBER() OVER (ORDER BY net_revenue DESC) AS BIGINT) AS place
  FROM customer.order_features
  WHERE net_revenue IS NOT NULL
),
total AS (
  SELECT COUNT(net_revenue) AS persons
  FROM customer.order_features
),
placed AS (
  SELECT
    (10 * ranked.place + total.persons - 1) / total.persons AS decile,
    ranked.net_revenue
  FROM ranked
  CROSS JOIN total
)
SELECT
  decile,
  COUNT(*) AS persons,
  MIN(net_revenue) AS net_revenue_min,
  MAX(net_revenue) AS net_revenue_max,
  SUM(net_revenue) AS net_revenue
FROM placed
GROUP BY decile
ORDER BY decile
