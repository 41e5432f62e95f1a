-- One row a person with at least one order: recency, frequency, monetary value, and the segment.
--
-- Ranks persons against each other and counts days up to $as_of, so it is a whole-table step over
-- customer.order_features: one new order may move anybody's quintile.
--
-- recency_days  whole days from the last order to $as_of
-- frequency     orders; monetary: net revenue
-- scores        quintiles of the persons, 5 the best: rank i of n falls into quintile ceil(5 i / n).
--               Persons of one recency_days share a score, that of the highest rank among them: nobody is staler
--               than another by the hour. Equal frequencies and amounts are told apart by person_id, so
--               that a quintile is a fifth of the persons although most ordered once, and row order
--               never matters. (Written out because engines disagree on where NTILE puts the remainder.)
-- segment       of the recency and the frequency score:
--
--                  frequency 1      2                3                4            5
--     recency 5    new              potential_loyal  potential_loyal  champion     champion
--             4    promising        potential_loyal  potential_loyal  loyal        loyal
--             3    about_to_sleep   about_to_sleep   needs_attention  loyal        loyal
--             2    hibernating      hibernating      at_risk          at_risk      cannot_lose
--             1    hibernating      hibernating      at_risk          at_risk      cannot_lose
WITH customer AS (
    SELECT
        person_id,
        orders AS frequency,
        net_revenue AS monetary,
        CAST(
            FLOOR(
                (
                    EXTRACT(EPOCH FROM CAST($as_of AS TIMESTAMP))
                    - EXTRACT(EPOCH FROM last_order_at)
                ) / 86400
            ) AS INT
        ) AS recency_days
    FROM customer.order_features
    WHERE orders > 0
),
ranked_customer AS (
    SELECT
        person_id,
        recency_days,
        frequency,
        monetary,
        RANK() OVER (ORDER BY recency_days) AS freshness_rank,
        ROW_NUMBER() OVER (ORDER BY frequency, person_id) AS frequency_rank,
        ROW_NUMBER() OVER (ORDER BY monetary, person_id) AS monetary_rank,
        COUNT(*) OVER () AS customers
    FROM customer
),
scored_customer AS (
    SELECT
        person_id,
        recency_days,
        frequency,
        monetary,
        CAST(CEIL(5.0 * (customers - freshness_rank + 1) / customers) AS INT) AS recency_score,
        CAST(CEIL(5.0 * frequency_rank / customers) AS INT) AS frequency_score,
        CAST(CEIL(5.0 * monetary_rank / customers) AS INT) AS monetary_score
    FROM ranked_customer
)
SELECT
    person_id,
    recency_days,
    frequency,
    monetary,
    recency_score,
    frequency_score,
    monetary_score,
    CASE
        WHEN recency_score = 5 AND frequency_score >= 4 THEN 'champion'
        WHEN recency_score >= 3 AND frequency_score >= 4 THEN 'loyal'
        WHEN recency_score >= 4 AND frequency_score >= 2 THEN 'potential_loyal'
        WHEN recency_score = 5 THEN 'new'
        WHEN recency_score = 4 THEN 'promising'
        WHEN recency_score = 3 AND frequency_score = 3 THEN 'needs_attention'
        WHEN recency_score = 3 THEN 'about_to_sleep'
        WHEN frequency_score = 5 THEN 'cannot_lose'
        WHEN frequency_score >= 3 THEN 'at_risk'
        ELSE 'hibernating'
    END AS segment
FROM scored_customer
