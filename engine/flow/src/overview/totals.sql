-- One row: sums over everybody who ever had an order line.
SELECT
  COUNT(*) AS persons,
  COUNT(*) FILTER (WHERE orders > 0) AS customers,
  COALESCE(SUM(orders), 0) AS orders,
  COALESCE(SUM(gross_revenue), 0) AS gross_revenue,
  COALESCE(SUM(returned_revenue), 0) AS returned_revenue,
  COALESCE(SUM(net_revenue), 0) AS net_revenue
FROM customer.order_features
