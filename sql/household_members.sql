-- One row a person who is in a household, and which that is.
--
-- A pure function of the household's own rows. household.members says the same of records, which are persons
-- by another name of the column.
SELECT
    household_id,
    key AS person_id
FROM household.members
