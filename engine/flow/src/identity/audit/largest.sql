-- A row: a person, those with the most records first.
SELECT
  person_id,
  COUNT(*) AS records,
  COUNT(DISTINCT source) AS sources
FROM identity.persons
GROUP BY person_id
ORDER BY records DESC, person_id
