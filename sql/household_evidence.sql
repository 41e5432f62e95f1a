-- One row a person and piece of evidence of whom they live with; jobs/households.yaml makes households of it.
--
-- A pure function of the person's own rows.
--
-- address        street, postcode and surname of the profile, standardised; only where all three are known.
--                Neighbours in one block of flats have other surnames, or are too many for the limit
-- card           a loyalty card that is the person's own, or that was shown with an order of theirs: who
--                orders with their own account and shows the card of somebody else shops for one household
-- email          an address of the person's profile. Identity leaves people of other names at one mailbox apart;
--                here that is what tells them a family. Only of persons with a surname: others are as likely
--                a second record of somebody in it
-- first_seen_at  since when the person is known: a household is called after who was known first
WITH address AS (
    SELECT
        person_id,
        normalize_text(street) || ' | ' || normalize_postcode(postcode) || ' | ' || normalize_name(last_name)
            AS value
    FROM customer.profiles
),
card AS (
    SELECT
        person_id,
        key AS value
    FROM identity.persons
    WHERE source = 'loyalty_members'
    UNION
    SELECT
        person_id,
        card_no AS value
    FROM customer.orders
    WHERE person_id IS NOT NULL
        AND card_no <> ''
),
mailbox AS (
    SELECT DISTINCT
        person_id,
        UNNEST(emails) AS value
    FROM customer.profiles
    WHERE last_name IS NOT NULL
),
evidence AS (
    SELECT
        person_id,
        'address' AS kind,
        value
    FROM address
    WHERE value IS NOT NULL
    UNION ALL
    SELECT
        person_id,
        'card' AS kind,
        value
    FROM card
    UNION ALL
    SELECT
        person_id,
        'email' AS kind,
        value
    FROM mailbox
)
SELECT
    evidence.person_id,
    evidence.kind,
    evidence.value,
    first_seen.first_seen_at
FROM evidence
INNER JOIN customer.first_seen
    ON first_seen.person_id = evidence.person_id
