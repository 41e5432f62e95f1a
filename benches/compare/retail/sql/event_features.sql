-- One row a person with web events: visits, and what they did on them. The event before one is told by one order over
-- all rows, in which a person's follow each other.
WITH event AS (
    SELECT person_id, event_type, event_ts,
        LAG(person_id) OVER (ORDER BY person_id, event_ts) AS previous_person,
        LAG(event_ts) OVER (ORDER BY person_id, event_ts) AS previous_ts
    FROM customer.events
    WHERE person_id IS NOT NULL
),
visit AS (
    SELECT person_id, event_type, event_ts,
        (previous_person IS DISTINCT FROM person_id) OR event_ts > previous_ts + INTERVAL '30 minutes' AS is_first
    FROM event
)
SELECT
    person_id,
    COUNT(*) AS n_events,
    COUNT(*) FILTER (WHERE is_first) AS n_sessions,
    COUNT(*) FILTER (WHERE is_first AND event_ts >= $as_of - INTERVAL '30 days') AS sessions_30d,
    COUNT(*) FILTER (WHERE event_type = 'page_view') AS page_views,
    COUNT(*) FILTER (WHERE event_type = 'add_to_cart') AS carts,
    COUNT(*) FILTER (WHERE event_type = 'purchase') AS purchases,
    COUNT(DISTINCT CAST(event_ts AS DATE)) AS active_days,
    MIN(event_ts) AS first_event_ts,
    MAX(event_ts) AS last_event_ts,
    CAST(COUNT(*) AS DOUBLE) / COUNT(*) FILTER (WHERE is_first) AS events_per_session
FROM visit
GROUP BY person_id
