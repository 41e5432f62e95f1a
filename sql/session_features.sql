-- One row a person with web events: visits and what they did on them in the last 30 days.
--
-- A pure function of the person's own rows of customer.events; time enters through the 30-day window
-- alone (declared in jobs/session_features.yaml).
--
-- session  events of one browser (anonymous_id) with no gap longer than 30 minutes. A session that
--          straddles the edge of the window counts once, from its events inside.
-- Events stand where they happened (event_ts), however late they were received.
WITH event AS (
    SELECT
        person_id,
        event_id,
        event_type,
        event_ts,
        anonymous_id,
        stock_code,
        event_ts > CAST($as_of AS TIMESTAMP) - INTERVAL '30 days' AS in_30_days
    FROM customer.events
    WHERE person_id IS NOT NULL
        AND event_ts <= CAST($as_of AS TIMESTAMP)
),
person_events AS (
    SELECT
        person_id,
        MIN(event_ts) AS first_event_at,
        MAX(event_ts) AS last_event_at,
        COUNT(*) AS events,
        COUNT(DISTINCT anonymous_id) AS devices,
        COUNT(*) FILTER (WHERE in_30_days) AS events_30_days,
        COUNT(*) FILTER (WHERE in_30_days AND event_type = 'page_view') AS page_views_30_days,
        COUNT(*) FILTER (WHERE in_30_days AND event_type = 'add_to_cart') AS cart_additions_30_days,
        COUNT(*) FILTER (WHERE in_30_days AND event_type = 'purchase') AS purchases_30_days,
        COUNT(DISTINCT stock_code) FILTER (
            WHERE in_30_days AND event_type = 'page_view'
        ) AS products_viewed_30_days
    FROM event
    GROUP BY
        person_id
),
recent_event AS (
    SELECT
        person_id,
        event_ts,
        LAG(event_ts) OVER (
            PARTITION BY person_id, anonymous_id
            ORDER BY event_ts, event_id
        ) AS previous_event_ts
    FROM event
    WHERE in_30_days
),
-- A session is counted where it starts: at an event with none in the 30 minutes before it.
person_sessions AS (
    SELECT
        person_id,
        COUNT(*) AS sessions_30_days
    FROM recent_event
    WHERE previous_event_ts IS NULL
        OR event_ts > previous_event_ts + INTERVAL '30 minutes'
    GROUP BY
        person_id
)
SELECT
    person_events.person_id,
    person_events.first_event_at,
    person_events.last_event_at,
    person_events.events,
    person_events.devices,
    COALESCE(person_sessions.sessions_30_days, 0) AS sessions_30_days,
    person_events.events_30_days,
    person_events.page_views_30_days,
    person_events.products_viewed_30_days,
    person_events.cart_additions_30_days,
    person_events.purchases_30_days
FROM person_events
LEFT JOIN person_sessions
    ON person_sessions.person_id = person_events.person_id
