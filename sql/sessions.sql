-- One row a session: a visit of one browser to the web shop, with what was done on it.
--
-- A pure function of the person's own rows of customer.events, so that only touched persons are
-- recomputed; visits of nobody known are not in it.
--
-- session         events of one browser (anonymous_id) with no gap longer than 30 minutes, where they
--                 happened (event_ts), however late they were received
-- session_id      the id of its first event: an event that arrives late and comes before takes its place
-- abandoned_cart  something was put into the cart and nothing was bought
WITH event AS (
    SELECT
        person_id,
        anonymous_id,
        event_id,
        event_type,
        event_ts,
        stock_code,
        referrer,
        LAG(event_ts) OVER (
            PARTITION BY person_id, anonymous_id
            ORDER BY event_ts, event_id
        ) AS previous_event_ts
    FROM customer.events
    WHERE person_id IS NOT NULL
        AND event_ts <= CAST($as_of AS TIMESTAMP)
),
numbered_event AS (
    SELECT
        person_id,
        anonymous_id,
        event_id,
        event_type,
        event_ts,
        stock_code,
        referrer,
        SUM(
            CASE
                WHEN previous_event_ts IS NULL THEN 1
                WHEN event_ts > previous_event_ts + INTERVAL '30 minutes' THEN 1
                ELSE 0
            END
        ) OVER (
            PARTITION BY person_id, anonymous_id
            ORDER BY event_ts, event_id
        ) AS visit
    FROM event
)
SELECT
    FIRST_VALUE(event_id ORDER BY event_ts, event_id) AS session_id,
    person_id,
    anonymous_id,
    CAST(visit AS INT) AS visit,
    MIN(event_ts) AS started_at,
    MAX(event_ts) AS ended_at,
    FIRST_VALUE(referrer ORDER BY event_ts, event_id) AS referrer,
    COUNT(*) AS events,
    COUNT(*) FILTER (WHERE event_type = 'page_view') AS page_views,
    COUNT(DISTINCT stock_code) FILTER (WHERE event_type = 'page_view') AS products_viewed,
    COUNT(*) FILTER (WHERE event_type = 'add_to_cart') AS cart_additions,
    COUNT(*) FILTER (WHERE event_type = 'purchase') AS purchases,
    COUNT(*) FILTER (WHERE event_type = 'add_to_cart') > 0
        AND COUNT(*) FILTER (WHERE event_type = 'purchase') = 0 AS abandoned_cart
FROM numbered_event
GROUP BY
    person_id,
    anonymous_id,
    visit
