SELECT id, count(*) AS n FROM raw.orders GROUP BY id
