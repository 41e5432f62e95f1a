-- A row: a steward's decision that changes nothing, and why.
SELECT
  d.source_a,
  d.key_a,
  d.source_b,
  d.key_b,
  d.same,
  d.decided_at,
  CASE
    WHEN a.person_id IS NULL OR b.person_id IS NULL THEN 'a record is gone'
    WHEN d.same AND a.person_id <> b.person_id THEN 'not followed yet: run'
    WHEN NOT d.same AND a.person_id = b.person_id THEN 'not followed yet: run'
    WHEN NOT d.same AND a.component_id <> b.component_id THEN 'nothing connects the two'
    WHEN d.same AND other.links > 0 THEN 'other evidence links the two as well'
  END AS why
FROM identity.decisions AS d
LEFT JOIN identity.persons AS a
  ON a.source = d.source_a AND a.key = d.key_a
LEFT JOIN identity.persons AS b
  ON b.source = d.source_b AND b.key = d.key_b
LEFT JOIN (
  SELECT
    LEAST(source_a || ':' || key_a, source_b || ':' || key_b) AS one,
    GREATEST(source_a || ':' || key_a, source_b || ':' || key_b) AS two,
    COUNT(*) AS links
  FROM identity.links
  WHERE accepted AND rule <> 'steward'
  GROUP BY 1, 2
) AS other
  ON other.one = LEAST(d.source_a || ':' || d.key_a, d.source_b || ':' || d.key_b)
  AND other.two = GREATEST(d.source_a || ':' || d.key_a, d.source_b || ':' || d.key_b)
WHERE
  a.person_id IS NULL
  OR b.person_id IS NULL
  OR d.same <> (a.person_id = b.person_id)
  OR (NOT d.same AND a.component_id <> b.component_id)
  OR (d.same AND other.links > 0)
ORDER BY why, d.source_a, d.key_a, d.source_b, d.key_b
