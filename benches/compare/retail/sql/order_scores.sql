-- One row a person with orders: fifths by recency, frequency and value, 5 the best.
SELECT
    person_id,
    CAST(NTILE(5) OVER (ORDER BY last_order_ts, person_id) AS INT) AS r_score,
    CAST(NTILE(5) OVER (ORDER BY n_orders, person_id) AS INT) AS f_score,
    CAST(NTILE(5) OVER (ORDER BY net_cents, person_id) AS INT) AS m_score
FROM customer.order_features
WHERE n_orders > 0
