-- A row: a number of records, and how many persons have so many.
SELECT
  records,
  COUNT(*) AS persons
FROM (
  SELECT COUNT(*) AS records
  FROM identity.persons
  GROUP BY person_id
)
GROUP BY records
ORDER BY records
