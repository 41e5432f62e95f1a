-- A row: a part of the range of a column, with the rows of the earlier and of the later epoch whose values lie in it.
-- Parts are the deciles of the earlier values, fewer where many values are equal; rows without a value are a part too.
WITH ranked AS (
  SELECT
    value,
    CAST(ROW_NUMBER() OVER (ORDER BY value) AS BIGINT) AS place
  FROM overview.earlier
  WHERE value IS NOT NULL
),
total AS (
  SELECT COUNT(value) AS n
  FROM overview.earlier
),
-- One row: the greatest value of each decile but the last.
edge AS (
  SELECT
    MAX(ranked.value) FILTER (WHERE 10 * (ranked.place - 1) < 1 * total.n) AS d1,
    MAX(ranked.value) FILTER (WHERE 10 * (ranked.place - 1) < 2 * total.n) AS d2,
    MAX(ranked.value) FILTER (WHERE 10 * (ranked.place - 1) < 3 * total.n) AS d3,
    MAX(ranked.value) FILTER (WHERE 10 * (ranked.place - 1) < 4 * total.n) AS d4,
    MAX(ranked.value) FILTER (WHERE 10 * (ranked.place - 1) < 5 * total.n) AS d5,
    MAX(ranked.value) FILTER (WHERE 10 * (ranked.place - 1) < 6 * total.n) AS d6,
    MAX(ranked.value) FILTER (WHERE 10 * (ranked.place - 1) < 7 * total.n) AS d7,
    MAX(ranked.value) FILTER (WHERE 10 * (ranked.place - 1) < 8 * total.n) AS d8,
    MAX(ranked.value) FILTER (WHERE 10 * (ranked.place - 1) < 9 * total.n) AS d9
  FROM ranked
  CROSS JOIN total
),
epoch_value AS (
  SELECT
    value,
    1 AS earlier,
    0 AS later
  FROM overview.earlier
  UNION ALL
  SELECT
    value,
    0 AS earlier,
    1 AS later
  FROM overview.later
),
placed AS (
  SELECT
    CASE
      WHEN epoch_value.value IS NULL THEN 0
      WHEN epoch_value.value <= edge.d1 THEN 1
      WHEN epoch_value.value <= edge.d2 THEN 2
      WHEN epoch_value.value <= edge.d3 THEN 3
      WHEN epoch_value.value <= edge.d4 THEN 4
      WHEN epoch_value.value <= edge.d5 THEN 5
      WHEN epoch_value.value <= edge.d6 THEN 6
      WHEN epoch_value.value <= edge.d7 THEN 7
      WHEN epoch_value.value <= edge.d8 THEN 8
      WHEN epoch_value.value <= edge.d9 THEN 9
      ELSE 10
    END AS part,
    epoch_value.earlier,
    epoch_value.later
  FROM epoch_value
  CROSS JOIN edge
)
SELECT
  part,
  SUM(earlier) AS earlier,
  SUM(later) AS later
FROM placed
GROUP BY part
ORDER BY part
