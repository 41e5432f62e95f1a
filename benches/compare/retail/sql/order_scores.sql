-- One row a person with orders: fifths by recency, frequency and value, 5 the best. They are written out: what is left
-- when persons are divided by five goes to the first fifths, one each, and engines' NTILE disagree on that.
WITH placed AS (
    SELECT
        person_id,
        ROW_NUMBER() OVER (ORDER BY last_order_ts, person_id) - 1 AS by_recency,
        ROW_NUMBER() OVER (ORDER BY n_orders, person_id) - 1 AS by_orders,
        ROW_NUMBER() OVER (ORDER BY net_cents, person_id) - 1 AS by_value
    FROM customer.order_features
    WHERE n_orders > 0
),
fifth AS (
    SELECT
        COUNT(*) / 5 AS persons,
        COUNT(*) % 5 AS larger
    FROM placed
),
-- So many persons are in the larger fifths together.
bound AS (
    SELECT persons, larger, larger * (persons + 1) AS within
    FROM fifth
)
SELECT
    person_id,
    CAST(1 + CASE WHEN by_recency < within THEN by_recency / (persons + 1)
        ELSE larger + (by_recency - within) / persons END AS INT) AS r_score,
    CAST(1 + CASE WHEN by_orders < within THEN by_orders / (persons + 1)
        ELSE larger + (by_orders - within) / persons END AS INT) AS f_score,
    CAST(1 + CASE WHEN by_value < within THEN by_value / (persons + 1)
        ELSE larger + (by_value - within) / persons END AS INT) AS m_score
FROM placed
CROSS JOIN bound
