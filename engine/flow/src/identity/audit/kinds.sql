-- A row: a kind of identifier, with how many values it has, and how many are shared or over their limit.
WITH held AS (
  SELECT
    kind,
    value,
    COUNT(*) AS records
  FROM identity.identifiers
  GROUP BY kind, value
)
SELECT
  held.kind,
  COUNT(*) AS distinct_values,
  COUNT(*) FILTER (WHERE held.records > 1) AS shared,
  COUNT(over_limit.value) AS over_limit,
  COALESCE(SUM(held.records) FILTER (WHERE over_limit.value IS NOT NULL), 0) AS records_over_limit
FROM held
LEFT JOIN audit.over_limit AS over_limit
  ON over_limit.kind = held.kind AND over_limit.value = held.value
GROUP BY held.kind
ORDER BY held.kind
