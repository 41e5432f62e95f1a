-- A row: a link that was followed, in a person that could fall into two parts of two records or more.
WITH large AS (
  SELECT person_id
  FROM identity.persons
  GROUP BY person_id
  HAVING COUNT(*) >= 4
)
SELECT
  persons.person_id,
  links.source_a,
  links.key_a,
  links.source_b,
  links.key_b,
  links.rule,
  links.evidence
FROM identity.links AS links
JOIN identity.persons AS persons
  ON persons.source = links.source_a AND persons.key = links.key_a
JOIN large
  ON large.person_id = persons.person_id
WHERE links.accepted
