-- What the pack is written as: a row a person, with fifths by recency, frequency and value.
COPY (
    SELECT
        coalesce(total.person, visits.person) AS person,
        total.* EXCLUDE (person),
        CASE WHEN n_orders > 0 THEN gross_cents / n_orders END AS aov_cents,
        CASE WHEN units > 0 THEN units_returned / units END AS return_rate,
        date_diff('day', CAST(last_order_ts AS DATE), CAST(getvariable('as_of') AS DATE)) AS recency_days,
        gap_s,
        CASE WHEN total.person IS NOT NULL THEN coalesce(n_gap, 0) END AS n_gap,
        CASE WHEN n_gap > 0 THEN gap_s / n_gap END AS avg_gap_s,
        max_gap_s, distinct_products, cat1, cat2, cat3, cat1_share,
        visits.* EXCLUDE (person),
        n_events / n_sessions AS events_per_session,
        r_score, f_score, m_score
    FROM total
    LEFT JOIN gap USING (person)
    LEFT JOIN product USING (person)
    LEFT JOIN favourite USING (person)
    LEFT JOIN (
        SELECT person,
            ntile(5) OVER (ORDER BY last_order_ts, person) AS r_score,
            ntile(5) OVER (ORDER BY n_orders, person) AS f_score,
            ntile(5) OVER (ORDER BY net_cents, person) AS m_score
        FROM total
        WHERE n_orders > 0
    ) AS scores USING (person)
    FULL JOIN visits ON visits.person = total.person
) TO (getvariable('out')) (FORMAT parquet, COMPRESSION zstd)
