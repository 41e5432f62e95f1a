-- One row: rows of the earlier and of the later epoch, and how many of them have a value of the column.
SELECT
    (SELECT COUNT(*) FROM drift.earlier) AS earlier_rows,
    (SELECT COUNT(value) FROM drift.earlier) AS earlier_values,
    (SELECT COUNT(*) FROM drift.later) AS later_rows,
    (SELECT COUNT(value) FROM drift.later) AS later_values
