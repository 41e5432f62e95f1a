-- One row a person and product that they buy again and again: how often, and when they will need it next.
--
-- A pure function of the person's own rows of customer.orders, so that only touched persons are recomputed. Nothing
-- here ages: who is due today is told by customer.replenishment_due, which compares these dates with $as_of.
--
-- purchase      a day (UTC) on which the person has a sale line (amount > 0) of the product; several lines on one day
--               are one purchase, whatever came back later. A product is a stock code that begins with a digit. What
--               was bought on fewer than three days has no rhythm yet
-- gap_days      days from one purchase to the next, the median: one long holiday does not stretch it.
--               usual_units: of a purchase, the median; both rounded half up to one place
-- expected_on   the last purchase and a gap, in whole days, rounded half up
-- due_on        from when on the person may want it: a quarter of a gap (whole days, rounded down) before expected_on
-- overdue_on    from when on they are late: the day after as many days after it
-- given_up_on   from when on nobody expects it any more: three gaps after the last purchase
WITH purchase AS (
    SELECT
        person_id,
        stock_code,
        CAST(ts AS DATE) AS day,
        SUM(quantity) AS units
    FROM customer.orders
    WHERE person_id IS NOT NULL
        AND ts <= CAST($as_of AS TIMESTAMP)
        AND amount > 0
        AND SUBSTR(stock_code, 1, 1) BETWEEN '0' AND '9'
    GROUP BY
        person_id,
        stock_code,
        CAST(ts AS DATE)
),
-- A purchase and the days since the one before.
spaced_purchase AS (
    SELECT
        person_id,
        stock_code,
        day,
        units,
        (
            EXTRACT(EPOCH FROM day)
            - EXTRACT(EPOCH FROM LAG(day) OVER (PARTITION BY person_id, stock_code ORDER BY day))
        ) / 86400 AS gap_days
    FROM purchase
),
rhythm AS (
    SELECT
        person_id,
        stock_code,
        COUNT(*) AS purchases,
        stable_percentile(units, 50) AS units,
        MIN(day) AS first_day,
        MAX(day) AS last_day,
        stable_percentile(gap_days, 50) AS gap_days
    FROM spaced_purchase
    GROUP BY
        person_id,
        stock_code
    HAVING COUNT(*) >= 3
),
dated_rhythm AS (
    SELECT
        person_id,
        stock_code,
        purchases,
        units,
        gap_days,
        first_day,
        last_day,
        CAST(FLOOR(gap_days + 0.5) AS INT) AS whole_gap,
        CAST(FLOOR(gap_days / 4) AS INT) AS quarter_gap
    FROM rhythm
)
SELECT
    person_id,
    stock_code,
    CAST(purchases AS INT) AS purchases,
    CAST(units AS DECIMAL(18, 1)) AS usual_units,
    CAST(gap_days AS DECIMAL(18, 1)) AS gap_days,
    first_day AS first_bought_on,
    last_day AS last_bought_on,
    last_day + whole_gap AS expected_on,
    last_day + (whole_gap - quarter_gap) AS due_on,
    last_day + (whole_gap + quarter_gap + 1) AS overdue_on,
    last_day + 3 * whole_gap AS given_up_on
FROM dated_rhythm
