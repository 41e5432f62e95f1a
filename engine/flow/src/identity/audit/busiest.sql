-- A row: a value of an identifier, those that most records have first. The value itself stays in the lake: the digest
-- finds it there.
SELECT
  identifiers.kind,
  SUBSTR(ENCODE(SHA256(identifiers.value), 'hex'), 1, 12) AS digest,
  COUNT(*) AS records,
  COUNT(DISTINCT persons.person_id) AS persons,
  BOOL_OR(over_limit.value IS NOT NULL) AS over_limit,
  -- As in kinds.sql.
  CASE
    WHEN BOOL_OR(over_limit.value IS NOT NULL) OR COUNT(DISTINCT persons.person_id) > 8 THEN 'junk'
    WHEN COUNT(DISTINCT persons.person_id) > 1 THEN 'household'
    ELSE 'personal'
  END AS whose
FROM identity.identifiers AS identifiers
JOIN identity.persons AS persons
  ON persons.source = identifiers.source AND persons.key = identifiers.key
LEFT JOIN audit.over_limit AS over_limit
  ON over_limit.kind = identifiers.kind AND over_limit.value = identifiers.value
GROUP BY identifiers.kind, identifiers.value
HAVING COUNT(*) > 1
ORDER BY records DESC, identifiers.kind, digest
