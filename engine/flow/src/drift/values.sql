-- A row: a value of the column, with the rows of the earlier and of the later epoch that hold it.
WITH epoch_value AS (
    SELECT
        value,
        1 AS earlier,
        0 AS later
    FROM drift.earlier
    WHERE value IS NOT NULL
    UNION ALL
    SELECT
        value,
        0 AS earlier,
        1 AS later
    FROM drift.later
    WHERE value IS NOT NULL
)
SELECT
    value,
    SUM(earlier) AS earlier,
    SUM(later) AS later
FROM epoch_value
GROUP BY value
