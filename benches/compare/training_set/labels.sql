-- A million labels: persons, each at an hour of the year up to the last order, drawn from a hash of the id.
SELECT
    person_id,
    CAST(to_timestamp_seconds(
        1733011200
        + 3600 * (24 * (ascii(substr(md5(person_id), 1, 1)) * 7919 % 365) + ascii(substr(md5(person_id), 2, 1)) % 24)
    ) AS TIMESTAMP) AS label_at
FROM customer.profiles
ORDER BY md5(person_id)
LIMIT 1000000
