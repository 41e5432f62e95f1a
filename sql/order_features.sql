-- One row a person who has ever had an order line: what they bought, spent and sent back.
--
-- A pure function of the person's own rows of customer.orders, so that only touched persons are
-- recomputed. Time enters through three windows alone (30, 90 and 365 days before $as_of, declared in
-- jobs/order_features.yaml); what compares persons with each other, or ages by itself, is in rfm.sql.
--
-- sale line     an order line with a positive amount
-- order         an invoice with at least one sale line, so cancellations and write-offs are none
-- cancellation  an invoice whose number starts with C
-- gross         sum of the sale lines; returned: sum of the negative lines, as a positive figure
-- net           sum of all lines, which is gross less returned; spend in a window is its net
-- return_rate   returned divided by gross, unknown where nothing was sold
--
-- Money is decimal with three places, as the unit prices are; averages are rounded half up to three
-- places, rates to four.
WITH order_line AS (
    SELECT
        person_id,
        invoice_no,
        stock_code,
        channel,
        quantity,
        amount,
        ts,
        ts > CAST($as_of AS TIMESTAMP) - INTERVAL '30 days' AS in_30_days,
        ts > CAST($as_of AS TIMESTAMP) - INTERVAL '90 days' AS in_90_days,
        ts > CAST($as_of AS TIMESTAMP) - INTERVAL '365 days' AS in_365_days
    FROM customer.orders
    WHERE person_id IS NOT NULL
        AND ts <= CAST($as_of AS TIMESTAMP)
),
-- One row a person: sums that need no invoice.
person_lines AS (
    SELECT
        person_id,
        MIN(ts) FILTER (WHERE amount > 0) AS first_order_at,
        MAX(ts) FILTER (WHERE amount > 0) AS last_order_at,
        SUM(amount) AS net,
        SUM(amount) FILTER (WHERE amount > 0) AS gross,
        SUM(amount) FILTER (WHERE amount < 0) AS refunds,
        SUM(amount) FILTER (WHERE in_30_days) AS net_30_days,
        SUM(amount) FILTER (WHERE in_90_days) AS net_90_days,
        SUM(amount) FILTER (WHERE in_365_days) AS net_365_days,
        SUM(quantity) FILTER (WHERE amount > 0) AS units,
        COUNT(DISTINCT stock_code) FILTER (WHERE amount > 0) AS products,
        COUNT(DISTINCT invoice_no) FILTER (WHERE invoice_no LIKE 'C%') AS cancellations
    FROM order_line
    GROUP BY
        person_id
),
-- One row an order. An order entered over several minutes counts as of its latest line.
person_order AS (
    SELECT
        person_id,
        invoice_no,
        MIN(channel) AS channel,
        SUM(amount) AS gross,
        MAX(CASE WHEN in_30_days THEN 1 ELSE 0 END) AS in_30_days,
        MAX(CASE WHEN in_90_days THEN 1 ELSE 0 END) AS in_90_days,
        MAX(CASE WHEN in_365_days THEN 1 ELSE 0 END) AS in_365_days
    FROM order_line
    WHERE amount > 0
    GROUP BY
        person_id,
        invoice_no
),
person_orders AS (
    SELECT
        person_id,
        COUNT(*) AS orders,
        SUM(in_30_days) AS orders_30_days,
        SUM(in_90_days) AS orders_90_days,
        SUM(in_365_days) AS orders_365_days
    FROM person_order
    GROUP BY
        person_id
),
-- One row a person and channel, the favourite first: most orders, then most money, then the name.
person_channel AS (
    SELECT
        person_id,
        channel,
        ROW_NUMBER() OVER (
            PARTITION BY person_id
            ORDER BY COUNT(*) DESC, SUM(gross) DESC, channel
        ) AS preference
    FROM person_order
    GROUP BY
        person_id,
        channel
)
SELECT
    person_lines.person_id,
    person_lines.first_order_at,
    person_lines.last_order_at,
    COALESCE(person_orders.orders, 0) AS orders,
    COALESCE(person_orders.orders_30_days, 0) AS orders_30_days,
    COALESCE(person_orders.orders_90_days, 0) AS orders_90_days,
    COALESCE(person_orders.orders_365_days, 0) AS orders_365_days,
    person_lines.cancellations,
    CAST(COALESCE(person_lines.gross, 0) AS DECIMAL(18, 3)) AS gross_revenue,
    CAST(COALESCE(0 - person_lines.refunds, 0) AS DECIMAL(18, 3)) AS returned_revenue,
    CAST(person_lines.net AS DECIMAL(18, 3)) AS net_revenue,
    CAST(COALESCE(person_lines.net_30_days, 0) AS DECIMAL(18, 3)) AS spend_30_days,
    CAST(COALESCE(person_lines.net_90_days, 0) AS DECIMAL(18, 3)) AS spend_90_days,
    CAST(COALESCE(person_lines.net_365_days, 0) AS DECIMAL(18, 3)) AS spend_365_days,
    CAST(
        CAST(person_lines.gross AS DECIMAL(18, 3)) / person_orders.orders AS DECIMAL(18, 3)
    ) AS average_order_value,
    CAST(
        COALESCE(CAST(0 - person_lines.refunds AS DECIMAL(18, 3)), 0)
        / CAST(person_lines.gross AS DECIMAL(18, 3)) AS DECIMAL(18, 4)
    ) AS return_rate,
    COALESCE(person_lines.units, 0) AS units,
    person_lines.products,
    person_channel.channel AS favourite_channel
FROM person_lines
LEFT JOIN person_orders
    ON person_orders.person_id = person_lines.person_id
LEFT JOIN person_channel
    ON person_channel.person_id = person_lines.person_id
    AND person_channel.preference = 1
