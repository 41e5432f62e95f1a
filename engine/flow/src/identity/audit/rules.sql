-- A row: a rule, with the links that it offered and what refused how many (nothing, where they were followed).
SELECT
  rule,
  refused_by,
  COUNT(*) AS links
FROM identity.links
GROUP BY rule, refused_by
ORDER BY rule, refused_by NULLS FIRST
