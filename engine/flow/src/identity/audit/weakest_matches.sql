-- A row: a match that was followed, the least weight first.
WITH sizes AS (
  SELECT
    person_id,
    COUNT(*) AS records
  FROM identity.persons
  GROUP BY person_id
)
SELECT
  sizes.person_id,
  sizes.records,
  CAST(links.evidence AS DOUBLE) AS weight
FROM identity.links AS links
JOIN identity.persons AS persons
  ON persons.source = links.source_a AND persons.key = links.key_a
JOIN sizes
  ON sizes.person_id = persons.person_id
WHERE links.rule = 'model' AND links.accepted
ORDER BY weight, sizes.person_id, links.source_b, links.key_b
