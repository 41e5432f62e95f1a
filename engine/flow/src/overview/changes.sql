-- A row: an epoch that changed a published table, the oldest first.
SELECT
  epoch,
  COUNT(*) FILTER (WHERE change_type = 'insert') AS inserted,
  COUNT(*) FILTER (WHERE change_type = 'update') AS updated,
  COUNT(*) FILTER (WHERE change_type = 'delete') AS deleted,
  epoch = MIN(epoch) OVER () AS is_first
FROM overview.changes
GROUP BY epoch
ORDER BY epoch
