-- One row a person with at least one order: whether they are still a customer, and what they will be worth.
--
-- Asks the models of customer.lifetime_model, which every order changes a little, and counts days up to
-- $as_of; so it is a whole-table step.
--
-- order day             a day (UTC) on which the person has a sale line, a line with a positive amount
-- frequency             order days after the first; several orders on one day count once
-- recency_days          days from the first order day to the last; age_days: from the first to $as_of
-- mean_order_value      gross of an order day after the first, on average; unknown where there is none
-- alive_probability     the chance that the person will order again; 1 of whoever ordered once, who has had
--                       no occasion to leave
-- churn_risk            1 less alive_probability
-- expected_orders_n_days
--                       order days to expect within n days after $as_of
-- expected_order_value  what one of them will be worth: between the person's own mean and that of all, the
--                       nearer to the own the more order days there are
-- lifetime_value_12_months
--                       expected orders times expected value, month by month (30 days), a month's money
--                       counting 1% less than that of the month before
--
-- What is expected is unknown as long as there is no model. Money is decimal with three places, rates and
-- expected orders have four; all are rounded half up.
WITH order_day AS (
    SELECT
        person_id,
        CAST(ts AS DATE) AS day,
        SUM(amount) AS value
    FROM customer.orders
    WHERE person_id IS NOT NULL
        AND ts <= CAST($as_of AS TIMESTAMP)
        AND amount > 0
    GROUP BY
        person_id,
        CAST(ts AS DATE)
),
-- An order day and the first of the person's.
dated_order_day AS (
    SELECT
        person_id,
        day,
        value,
        MIN(day) OVER (PARTITION BY person_id) AS first_day
    FROM order_day
),
customer AS (
    SELECT
        person_id,
        COUNT(*) - 1 AS frequency,
        (EXTRACT(EPOCH FROM MAX(day)) - EXTRACT(EPOCH FROM first_day)) / 86400 AS recency_days,
        (
            EXTRACT(EPOCH FROM CAST(CAST($as_of AS TIMESTAMP) AS DATE))
            - EXTRACT(EPOCH FROM first_day)
        ) / 86400 AS age_days,
        CAST(
            CAST(SUM(value) FILTER (WHERE day > first_day) AS DECIMAL(18, 3))
            / NULLIF(COUNT(*) - 1, 0) AS DECIMAL(18, 3)
        ) AS mean_order_value
    FROM dated_order_day
    GROUP BY
        person_id,
        first_day
),
-- Doubles of the models, not yet rounded. Without an order day after the first the mean is not looked at.
expected AS (
    SELECT
        person_id,
        frequency,
        recency_days,
        age_days,
        mean_order_value,
        bg_nbd_alive(r, alpha, a, b, frequency, recency_days, age_days) AS alive,
        bg_nbd_orders(r, alpha, a, b, frequency, recency_days, age_days, 90) AS orders_90_days,
        bg_nbd_orders(r, alpha, a, b, frequency, recency_days, age_days, 365) AS orders_365_days,
        gamma_gamma_value(p, q, v, frequency, COALESCE(mean_order_value, 0)) AS order_value,
        lifetime_value(
            r, alpha, a, b,
            p, q, v,
            frequency, recency_days, age_days, COALESCE(mean_order_value, 0),
            12, 0.01
        ) AS value_12_months
    FROM customer
    CROSS JOIN customer.lifetime_model
)
SELECT
    person_id,
    CAST(frequency AS INT) AS frequency,
    CAST(recency_days AS INT) AS recency_days,
    CAST(age_days AS INT) AS age_days,
    mean_order_value,
    CAST(alive AS DECIMAL(18, 4)) AS alive_probability,
    CAST(orders_90_days AS DECIMAL(18, 4)) AS expected_orders_90_days,
    CAST(orders_365_days AS DECIMAL(18, 4)) AS expected_orders_365_days,
    CAST(order_value AS DECIMAL(18, 3)) AS expected_order_value,
    CAST(value_12_months AS DECIMAL(18, 3)) AS lifetime_value_12_months,
    1 - CAST(alive AS DECIMAL(18, 4)) AS churn_risk
FROM expected
