-- A row: a kind of identifier, with how many values it has, how many are shared or over their limit, and whose they
-- are: one person's, a household's, or nobody's (junk), judged by how many persons hold them.
WITH held AS (
  SELECT
    identifiers.kind,
    identifiers.value,
    COUNT(*) AS records,
    COUNT(DISTINCT persons.person_id) AS persons
  FROM identity.identifiers AS identifiers
  JOIN identity.persons AS persons
    ON persons.source = identifiers.source AND persons.key = identifiers.key
  GROUP BY identifiers.kind, identifiers.value
),
judged AS (
  SELECT
    held.kind,
    held.records,
    held.persons,
    over_limit.value IS NOT NULL AS over_limit,
    -- Larger households are rare, larger offices are not.
    over_limit.value IS NOT NULL OR held.persons > 8 AS junk
  FROM held
  LEFT JOIN audit.over_limit AS over_limit
    ON over_limit.kind = held.kind AND over_limit.value = held.value
)
SELECT
  kind,
  COUNT(*) AS distinct_values,
  COUNT(*) FILTER (WHERE NOT junk AND persons = 1) AS personal,
  COUNT(*) FILTER (WHERE NOT junk AND persons > 1) AS household,
  COUNT(*) FILTER (WHERE junk) AS junk,
  COUNT(*) FILTER (WHERE records > 1) AS shared,
  COUNT(*) FILTER (WHERE over_limit) AS over_limit,
  COALESCE(SUM(records) FILTER (WHERE over_limit), 0) AS records_over_limit
FROM judged
GROUP BY kind
ORDER BY kind
