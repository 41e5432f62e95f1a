-- One row a person: since when they are known.
--
-- A pure function of the person's own records. identity.records does not say whose they are, so a change of
-- it looks at everybody again; what is written is what differs.
--
-- first_seen_at  the earliest sight of a record; 2200 where only lists without dates know the person
-- records        how many records there are
SELECT
    persons.person_id,
    MIN(records.first_seen_at) AS first_seen_at,
    COUNT(*) AS records
FROM identity.persons
INNER JOIN identity.records
    ON records.source = persons.source
    AND records.key = persons.key
GROUP BY
    persons.person_id
