-- One row: how the customers order and spend, as the two models of it that fit them best.
--
-- Fitted on all persons at once, so it is a whole-table step. customer.lifetime_value applies it to each of
-- them; the words are the same there.
--
-- version          of this definition; who keeps the figures can tell by it what they mean
-- fitted_as_of     $as_of: the models know the orders up to then
-- order day        a day (UTC) on which a person has a sale line, a line with a positive amount
-- frequency        order days after the first; several orders on one day count once
-- recency_days     days from the first order day to the last; age_days: from the first to $as_of
-- r, alpha, a, b   the model of orders, BG/NBD (Fader, Hardie and Lee 2005), fitted on frequency, recency_days
--                  and age_days of all persons with an order: paces are gamma distributed (shape r, rate alpha
--                  in days), the chances to leave after an order day beta distributed (a, b)
-- p, q, v          the model of spending, Gamma-Gamma (Fader and Hardie 2013), fitted on frequency and mean
--                  value of the order days after the first, of persons who have any: their values are gamma
--                  distributed (shape p), the rates of those too (shape q, rate v)
-- orders_*, spending_*
--                  how likely the model makes what was seen (natural logarithm), and how many customers it
--                  was fitted on
--
-- A parameter of 10000 or 0.000001 is at its bound: customers are alike in what it describes. NULL: there is no such
-- model. It takes 20 customers with an order, one of whom came back; of spending, 20 who came back.
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
fitted AS (
    SELECT
        bg_nbd_fit(frequency, recency_days, age_days) AS orders,
        gamma_gamma_fit(frequency, mean_order_value) AS spending
    FROM customer
)
SELECT
    1 AS version,
    CAST($as_of AS TIMESTAMP) AS fitted_as_of,
    orders['r'] AS r,
    orders['alpha'] AS alpha,
    orders['a'] AS a,
    orders['b'] AS b,
    orders['log_likelihood'] AS orders_log_likelihood,
    orders['customers'] AS orders_customers,
    spending['p'] AS p,
    spending['q'] AS q,
    spending['v'] AS v,
    spending['log_likelihood'] AS spending_log_likelihood,
    spending['customers'] AS spending_customers
FROM fitted
