-- A row: an audience.
SELECT
  audience,
  COUNT(DISTINCT person_id) AS persons
FROM overview.audiences
WHERE audience IS NOT NULL
GROUP BY audience
ORDER BY audience
