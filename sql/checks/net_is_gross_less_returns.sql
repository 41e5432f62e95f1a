-- One row a person whose money does not add up: net must be gross less what came back.
SELECT
    person_id,
    gross_revenue,
    returned_revenue,
    net_revenue
FROM publish.customer360
WHERE net_revenue <> gross_revenue - returned_revenue
