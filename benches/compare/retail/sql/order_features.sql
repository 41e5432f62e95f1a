-- One row a person with order lines: what they bought, when, and what they sent back, in cents.
WITH line AS (
    SELECT person_id, invoice_no, starts_with(invoice_no, 'C') AS is_return, stock_code, quantity,
        CAST(amount * 100 AS BIGINT) AS cents, ts
    FROM customer.orders
    WHERE person_id IS NOT NULL
),
invoice AS (
    SELECT person_id, invoice_no, BOOL_OR(is_return) AS is_return, MIN(ts) AS ts, SUM(cents) AS cents,
        SUM(quantity) AS units, COUNT(*) AS lines
    FROM line
    GROUP BY person_id, invoice_no
),
total AS (
    SELECT
        person_id,
        COUNT(*) FILTER (WHERE NOT is_return) AS n_orders,
        COUNT(*) FILTER (WHERE is_return) AS n_returns,
        SUM(lines) AS n_lines,
        COALESCE(SUM(cents) FILTER (WHERE NOT is_return), 0) AS gross_cents,
        COALESCE(-SUM(cents) FILTER (WHERE is_return), 0) AS returned_cents,
        SUM(cents) AS net_cents,
        COALESCE(SUM(units) FILTER (WHERE NOT is_return), 0) AS units,
        COALESCE(-SUM(units) FILTER (WHERE is_return), 0) AS units_returned,
        MIN(ts) FILTER (WHERE NOT is_return) AS first_order_ts,
        MAX(ts) FILTER (WHERE NOT is_return) AS last_order_ts,
        COUNT(*) FILTER (WHERE NOT is_return AND ts >= $as_of - INTERVAL '30 days') AS orders_30d,
        COALESCE(SUM(cents) FILTER (WHERE NOT is_return AND ts >= $as_of - INTERVAL '30 days'), 0) AS spend_30d,
        COUNT(*) FILTER (WHERE NOT is_return AND ts >= $as_of - INTERVAL '90 days') AS orders_90d,
        COALESCE(SUM(cents) FILTER (WHERE NOT is_return AND ts >= $as_of - INTERVAL '90 days'), 0) AS spend_90d,
        COUNT(*) FILTER (WHERE NOT is_return AND ts >= $as_of - INTERVAL '365 days') AS orders_365d,
        COALESCE(SUM(cents) FILTER (WHERE NOT is_return AND ts >= $as_of - INTERVAL '365 days'), 0) AS spend_365d
    FROM invoice
    GROUP BY person_id
),
gap AS (
    SELECT person_id, CAST(SUM(gap_s) AS BIGINT) AS gap_s, COUNT(gap_s) AS n_gap, MAX(gap_s) AS max_gap_s
    FROM (
        SELECT person_id, CAST(EXTRACT(EPOCH FROM ts) AS BIGINT)
            - LAG(CAST(EXTRACT(EPOCH FROM ts) AS BIGINT)) OVER (PARTITION BY person_id ORDER BY ts) AS gap_s
        FROM invoice
        WHERE NOT is_return
    )
    GROUP BY person_id
),
product AS (
    SELECT person_id, COUNT(DISTINCT stock_code) AS distinct_products
    FROM line
    WHERE NOT is_return
    GROUP BY person_id
),
category AS (
    SELECT line.person_id, products.category, SUM(line.cents) AS cents
    FROM line
    JOIN raw.products ON products.stock_code = line.stock_code
    WHERE NOT line.is_return
    GROUP BY line.person_id, products.category
),
ranked AS (
    SELECT person_id, category, cents,
        ROW_NUMBER() OVER (PARTITION BY person_id ORDER BY cents DESC, category) AS place,
        SUM(cents) OVER (PARTITION BY person_id) AS total
    FROM category
),
favourite AS (
    SELECT
        person_id,
        MAX(category) FILTER (WHERE place = 1) AS cat1,
        MAX(category) FILTER (WHERE place = 2) AS cat2,
        MAX(category) FILTER (WHERE place = 3) AS cat3,
        CAST(MAX(cents) FILTER (WHERE place = 1) AS DOUBLE) / CAST(MAX(total) AS DOUBLE) AS cat1_share
    FROM ranked
    WHERE place <= 3
    GROUP BY person_id
)
SELECT
    total.*,
    CASE WHEN n_orders > 0 THEN CAST(gross_cents AS DOUBLE) / n_orders END AS aov_cents,
    CASE WHEN units > 0 THEN CAST(units_returned AS DOUBLE) / units END AS return_rate,
    CAST(CAST($as_of AS DATE) - CAST(last_order_ts AS DATE) AS BIGINT) AS recency_days,
    CASE WHEN n_gap > 0 THEN CAST(gap_s AS DOUBLE) / n_gap END AS avg_gap_s,
    gap.max_gap_s,
    product.distinct_products,
    favourite.cat1,
    favourite.cat2,
    favourite.cat3,
    favourite.cat1_share
FROM total
LEFT JOIN gap ON gap.person_id = total.person_id
LEFT JOIN product ON product.person_id = total.person_id
LEFT JOIN favourite ON favourite.person_id = total.person_id
