-- As retail/sql/order_features.sql, in the form that suits DuckDB: persons are partitions of windows.
CREATE TEMP TABLE line AS
SELECT person, invoice_no, starts_with(invoice_no, 'C') AS is_return, stock_code, quantity,
    CAST(amount * 100 AS BIGINT) AS cents, ts
FROM read_parquet(getvariable('lines'))
JOIN persons ON persons.key = coalesce(account_id, card_no, lower(trim(guest_email)));

CREATE TEMP TABLE invoice AS
SELECT person, invoice_no, any_value(is_return) AS is_return, min(ts) AS ts, CAST(sum(cents) AS BIGINT) AS cents,
    CAST(sum(quantity) AS BIGINT) AS units, count(*) AS lines
FROM line
GROUP BY person, invoice_no;

CREATE TEMP TABLE total AS
SELECT
    person,
    count(*) FILTER (NOT is_return) AS n_orders,
    count(*) FILTER (is_return) AS n_returns,
    CAST(sum(lines) AS BIGINT) AS n_lines,
    coalesce(CAST(sum(cents) FILTER (NOT is_return) AS BIGINT), 0) AS gross_cents,
    coalesce(-CAST(sum(cents) FILTER (is_return) AS BIGINT), 0) AS returned_cents,
    CAST(sum(cents) AS BIGINT) AS net_cents,
    coalesce(CAST(sum(units) FILTER (NOT is_return) AS BIGINT), 0) AS units,
    coalesce(-CAST(sum(units) FILTER (is_return) AS BIGINT), 0) AS units_returned,
    min(ts) FILTER (NOT is_return) AS first_order_ts,
    max(ts) FILTER (NOT is_return) AS last_order_ts,
    count(*) FILTER (NOT is_return AND ts >= getvariable('as_of') - INTERVAL 30 DAY) AS orders_30d,
    coalesce(CAST(sum(cents) FILTER (NOT is_return AND ts >= getvariable('as_of') - INTERVAL 30 DAY) AS BIGINT), 0) AS spend_30d,
    count(*) FILTER (NOT is_return AND ts >= getvariable('as_of') - INTERVAL 90 DAY) AS orders_90d,
    coalesce(CAST(sum(cents) FILTER (NOT is_return AND ts >= getvariable('as_of') - INTERVAL 90 DAY) AS BIGINT), 0) AS spend_90d,
    count(*) FILTER (NOT is_return AND ts >= getvariable('as_of') - INTERVAL 365 DAY) AS orders_365d,
    coalesce(CAST(sum(cents) FILTER (NOT is_return AND ts >= getvariable('as_of') - INTERVAL 365 DAY) AS BIGINT), 0) AS spend_365d
FROM invoice
GROUP BY person;

CREATE TEMP TABLE gap AS
SELECT person, CAST(sum(gap_s) AS BIGINT) AS gap_s, count(gap_s) AS n_gap, max(gap_s) AS max_gap_s
FROM (
    SELECT person, epoch_us(ts) // 1000000 - lag(epoch_us(ts) // 1000000) OVER (PARTITION BY person ORDER BY ts) AS gap_s
    FROM invoice
    WHERE NOT is_return
)
GROUP BY person;

CREATE TEMP TABLE product AS
SELECT person, count(DISTINCT stock_code) AS distinct_products
FROM line
WHERE NOT is_return
GROUP BY person;

CREATE TEMP TABLE favourite AS
SELECT
    person,
    max(category) FILTER (place = 1) AS cat1,
    max(category) FILTER (place = 2) AS cat2,
    max(category) FILTER (place = 3) AS cat3,
    max(cents) FILTER (place = 1) / any_value(total) AS cat1_share
FROM (
    SELECT person, category, cents, row_number() OVER (PARTITION BY person ORDER BY cents DESC, category) AS place,
        sum(cents) OVER (PARTITION BY person) AS total
    FROM (
        SELECT person, category, CAST(sum(cents) AS BIGINT) AS cents
        FROM line
        JOIN read_parquet(getvariable('products')) AS products USING (stock_code)
        WHERE NOT is_return
        GROUP BY person, category
    )
)
WHERE place <= 3
GROUP BY person;
