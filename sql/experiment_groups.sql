-- One row a person and experiment: which group of the experiment the person is in.
--
-- A pure function of the person's id, so a person stays where they are, whoever else comes or goes; persons who
-- turn out to be one are in the group of the id that they keep.
--
-- experiment   what is tried; to try something else, add rows to the first table below. The groups of an experiment
--              share out the 100 percent: each has the stretch from from_percent up to, not including, to_percent.
--              A group grows without anybody leaving it where its stretch is made longer
-- place        where a person stands in an experiment: the first 32 bits of the MD5 of experiment || '/' || person_id,
--              as 8 hexadecimal digits. Any engine can compute it, and texts of one length are ordered as their numbers
--              are. Since the experiment is hashed too, groups of one say nothing about those of another
-- A zero before the digits gives the end of the stretch, 100 percent, a digit more.
WITH experiment_group (experiment, group_name, from_percent, to_percent) AS (
    VALUES
        -- nobody in hold_out is contacted by customer.next_best_action
        ('next_best_action', 'hold_out', 0, 10),
        ('next_best_action', 'addressed', 10, 100)
),
stretch AS (
    SELECT
        experiment,
        group_name,
        LPAD(TO_HEX(from_percent * 4294967296 / 100), 9, '0') AS from_place,
        LPAD(TO_HEX(to_percent * 4294967296 / 100), 9, '0') AS to_place
    FROM experiment_group
),
experiment AS (
    SELECT DISTINCT
        experiment
    FROM experiment_group
),
placed_person AS (
    SELECT
        profiles.person_id,
        experiment.experiment,
        '0' || SUBSTR(MD5(experiment.experiment || '/' || profiles.person_id), 1, 8) AS place
    FROM customer.profiles
    CROSS JOIN experiment
)
SELECT
    placed_person.person_id,
    placed_person.experiment,
    stretch.group_name
FROM placed_person
INNER JOIN stretch
    ON stretch.experiment = placed_person.experiment
    AND placed_person.place >= stretch.from_place
    AND placed_person.place < stretch.to_place
