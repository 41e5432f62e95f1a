-- One row a person with order lines: what they bought, when, and what they sent back, in cents.
--
-- Written so that each grouping is done once: an invoice and its predecessor are told by one order over all rows, in
-- which a person's rows follow each other, rather than person by person.
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
-- Orders of a person come before their returns, so what precedes an order of theirs is an order.
following AS (
    SELECT person_id, is_return, ts, cents, units, lines,
        LAG(person_id) OVER (ORDER BY person_id, is_return, ts) AS previous_person,
        CAST(EXTRACT(EPOCH FROM ts) AS BIGINT)
            - LAG(CAST(EXTRACT(EPOCH FROM ts) AS BIGINT)) OVER (ORDER BY person_id, is_return, ts) AS since_s
    FROM invoice
),
dated AS (
    SELECT person_id, is_return, ts, cents, units, lines,
        CASE WHEN NOT is_return AND previous_person = person_id THEN since_s END AS gap_s,
        ts >= CAST($as_of AS TIMESTAMP) - INTERVAL '30 days' AS in_30d,
        ts >= CAST($as_of AS TIMESTAMP) - INTERVAL '90 days' AS in_90d,
        ts >= CAST($as_of AS TIMESTAMP) - INTERVAL '365 days' AS in_365d
    FROM following
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
        COUNT(*) FILTER (WHERE NOT is_return AND in_30d) AS orders_30d,
        COALESCE(SUM(cents) FILTER (WHERE NOT is_return AND in_30d), 0) AS spend_30d,
        COUNT(*) FILTER (WHERE NOT is_return AND in_90d) AS orders_90d,
        COALESCE(SUM(cents) FILTER (WHERE NOT is_return AND in_90d), 0) AS spend_90d,
        COUNT(*) FILTER (WHERE NOT is_return AND in_365d) AS orders_365d,
        COALESCE(SUM(cents) FILTER (WHERE NOT is_return AND in_365d), 0) AS spend_365d,
        SUM(gap_s) AS gap_s,
        COUNT(gap_s) AS n_gap,
        MAX(gap_s) AS max_gap_s
    FROM dated
    GROUP BY person_id
),
product AS (
    SELECT person_id, stock_code, SUM(cents) AS cents
    FROM line
    WHERE NOT is_return
    GROUP BY person_id, stock_code
),
category AS (
    SELECT product.person_id, products.category, SUM(product.cents) AS cents, COUNT(*) AS products
    FROM product
    LEFT JOIN raw.products ON products.stock_code = product.stock_code
    GROUP BY product.person_id, products.category
),
-- A person's categories follow each other, those of most money first, what has none last.
ranked AS (
    SELECT person_id, category, cents, products,
        LAG(person_id, 1) OVER (ORDER BY person_id, category IS NULL, cents DESC, category) AS person_1_before,
        LAG(person_id, 2) OVER (ORDER BY person_id, category IS NULL, cents DESC, category) AS person_2_before,
        LAG(person_id, 3) OVER (ORDER BY person_id, category IS NULL, cents DESC, category) AS person_3_before
    FROM category
),
favourite AS (
    SELECT
        person_id,
        SUM(products) AS distinct_products,
        MAX(category) FILTER (WHERE COALESCE(person_1_before <> person_id, TRUE)) AS cat1,
        MAX(category) FILTER (WHERE person_1_before = person_id
            AND COALESCE(person_2_before <> person_id, TRUE)) AS cat2,
        MAX(category) FILTER (WHERE person_2_before = person_id
            AND COALESCE(person_3_before <> person_id, TRUE)) AS cat3,
        CAST(MAX(cents) FILTER (WHERE category IS NOT NULL) AS DOUBLE)
            / CAST(SUM(cents) FILTER (WHERE category IS NOT NULL) AS DOUBLE) AS cat1_share
    FROM ranked
    GROUP BY person_id
)
SELECT
    total.*,
    CASE WHEN n_orders > 0 THEN CAST(gross_cents AS DOUBLE) / n_orders END AS aov_cents,
    CASE WHEN units > 0 THEN CAST(units_returned AS DOUBLE) / units END AS return_rate,
    CAST(CAST($as_of AS DATE) - CAST(last_order_ts AS DATE) AS BIGINT) AS recency_days,
    CASE WHEN n_gap > 0 THEN CAST(gap_s AS DOUBLE) / n_gap END AS avg_gap_s,
    favourite.distinct_products,
    favourite.cat1,
    favourite.cat2,
    favourite.cat3,
    favourite.cat1_share
FROM total
LEFT JOIN favourite ON favourite.person_id = total.person_id
