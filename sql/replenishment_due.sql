-- One row a person and product that they are about to run out of, or have: whom to remind of what.
--
-- What is due changes from day to day for whoever is in it, so it is a whole-table step, over customer.replenishment
-- alone, which is short; that table says what the dates mean.
--
-- status      due: from due_on up to, not including, overdue_on; overdue: from then up to given_up_on
-- late_days   days from expected_on to $as_of, negative as long as it is ahead
-- late_gaps   the same in gaps of the person's own: what is a week to one is nothing to another. Rounded half up to two
--             places
WITH today AS (
    SELECT
        person_id,
        stock_code,
        usual_units,
        gap_days,
        last_bought_on,
        expected_on,
        CAST($as_of AS TIMESTAMP) >= CAST(overdue_on AS TIMESTAMP) AS is_overdue,
        FLOOR(
            (
                EXTRACT(EPOCH FROM CAST($as_of AS TIMESTAMP))
                - EXTRACT(EPOCH FROM expected_on)
            ) / 86400
        ) AS late_days
    FROM customer.replenishment
    WHERE CAST($as_of AS TIMESTAMP) >= CAST(due_on AS TIMESTAMP)
        AND CAST($as_of AS TIMESTAMP) < CAST(given_up_on AS TIMESTAMP)
)
SELECT
    person_id,
    stock_code,
    CASE WHEN is_overdue THEN 'overdue' ELSE 'due' END AS status,
    usual_units,
    last_bought_on,
    expected_on,
    CAST(late_days AS INT) AS late_days,
    CAST(CAST(late_days AS DECIMAL(18, 2)) / gap_days AS DECIMAL(18, 2)) AS late_gaps
FROM today
