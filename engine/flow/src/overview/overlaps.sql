-- A row: two audiences that have persons in common, those with the most first.
WITH member AS (
  SELECT DISTINCT
    audience,
    person_id
  FROM overview.audiences
  WHERE audience IS NOT NULL
)
SELECT
  one.audience AS one,
  other.audience AS other,
  COUNT(*) AS persons
FROM member AS one
JOIN member AS other
  ON other.person_id = one.person_id
WHERE one.audience < other.audience
GROUP BY one.audience, other.audience
ORDER BY persons DESC, one, other
