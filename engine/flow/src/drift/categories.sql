-- A row: a text in the column, with the rows of the earlier and of the later epoch that hold it, the most frequent in
-- both first; of equally frequent ones the least.
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
),
category AS (
    SELECT
        value,
        SUM(earlier) AS earlier,
        SUM(later) AS later
    FROM epoch_value
    GROUP BY value
)
SELECT
    value,
    earlier,
    later
FROM category
ORDER BY
    earlier + later DESC,
    value
