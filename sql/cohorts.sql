-- One row a cohort and month: how many of the persons who first ordered in one month ordered in a later one.
--
-- Compares persons with each other, so it is a step of its own over customer.orders, computed whole.
--
-- cohort_month  first day of the month of a person's first order
-- months_since  whole calendar months from then to the month of an order, 0 the month itself
-- customers     persons of the cohort with an order in that month; orders, gross_revenue: theirs in it
-- retention     customers divided by the persons of the cohort, rounded to four places
-- A month in which nobody of a cohort ordered has no row.
WITH sale_line AS (
    SELECT
        person_id,
        invoice_no,
        amount,
        CAST(DATE_TRUNC('month', ts) AS DATE) AS month
    FROM customer.orders
    WHERE person_id IS NOT NULL
        AND amount > 0
        AND ts <= CAST($as_of AS TIMESTAMP)
),
member AS (
    SELECT
        person_id,
        MIN(month) AS cohort_month
    FROM sale_line
    GROUP BY
        person_id
),
cohort AS (
    SELECT
        cohort_month,
        COUNT(*) AS members
    FROM member
    GROUP BY
        cohort_month
),
cohort_month AS (
    SELECT
        member.cohort_month,
        sale_line.month,
        COUNT(DISTINCT sale_line.person_id) AS customers,
        COUNT(DISTINCT sale_line.invoice_no) AS orders,
        SUM(sale_line.amount) AS revenue
    FROM sale_line
    INNER JOIN member
        ON member.person_id = sale_line.person_id
    GROUP BY
        member.cohort_month,
        sale_line.month
)
SELECT
    cohort_month.cohort_month,
    CAST(
        12 * (EXTRACT(YEAR FROM cohort_month.month) - EXTRACT(YEAR FROM cohort_month.cohort_month))
        + EXTRACT(MONTH FROM cohort_month.month) - EXTRACT(MONTH FROM cohort_month.cohort_month) AS INT
    ) AS months_since,
    cohort_month.customers,
    cohort_month.orders,
    CAST(cohort_month.revenue AS DECIMAL(18, 3)) AS gross_revenue,
    CAST(
        CAST(cohort_month.customers AS DECIMAL(18, 4)) / cohort.members AS DECIMAL(18, 4)
    ) AS retention
FROM cohort_month
INNER JOIN cohort
    ON cohort.cohort_month = cohort_month.cohort_month
