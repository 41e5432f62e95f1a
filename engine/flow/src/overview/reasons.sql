-- A row: a fault for which rows were rejected, the most frequent first. The rows' text is not read.
SELECT
  rejects."column",
  reason,
  COUNT(*) AS rows
FROM overview.rejects AS rejects
GROUP BY rejects."column", reason
ORDER BY rows DESC, reason, rejects."column" NULLS FIRST
