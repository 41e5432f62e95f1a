-- As retail/sql/event_features.sql, in the form that suits DuckDB.
CREATE TEMP TABLE visits AS
SELECT
    person,
    count(*) AS n_events,
    CAST(sum(CAST(is_first AS INT)) AS BIGINT) AS n_sessions,
    count(*) FILTER (is_first AND event_ts >= getvariable('as_of') - INTERVAL 30 DAY) AS sessions_30d,
    count(*) FILTER (event_type = 'page_view') AS page_views,
    count(*) FILTER (event_type = 'add_to_cart') AS carts,
    count(*) FILTER (event_type = 'purchase') AS purchases,
    count(DISTINCT CAST(event_ts AS DATE)) AS active_days,
    min(event_ts) AS first_event_ts,
    max(event_ts) AS last_event_ts
FROM (
    SELECT person, event_type, event_ts,
        coalesce(event_ts - lag(event_ts) OVER (PARTITION BY person ORDER BY event_ts) > INTERVAL 30 MINUTE, TRUE) AS is_first
    FROM read_parquet(getvariable('events'))
    JOIN persons ON persons.key = coalesce(user_id, anonymous_id)
)
GROUP BY person;
