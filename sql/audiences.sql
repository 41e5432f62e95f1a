-- One row an audience and person: who is in it.
--
-- A pure function of the person's own rows; since ranks are among them (customer.rfm), a new day looks at
-- every customer again. The table is shown by epochs: `c360 changes --since EPOCH` tells who entered (insert) and who left (delete).
--
-- champions          ordered lately and often (customer.rfm)
-- big_spenders       the fifth of the persons with the most net revenue
-- win_back           ordered often, and long ago
-- cart_reminder      left a cart within the last 14 days (customer.left_carts)
-- can_be_mailed      agreed to be written to by e-mail, and has an address
-- The audiences called mail_… are those of the same name who can be mailed.
WITH mailable AS (
    SELECT
        profiles.person_id
    FROM customer.profiles
    INNER JOIN customer.consent_status
        ON consent_status.person_id = profiles.person_id
    WHERE consent_status.email_marketing
        AND profiles.email IS NOT NULL
),
member AS (
    SELECT
        'champions' AS audience,
        person_id
    FROM customer.rfm
    WHERE segment = 'champion'
    UNION ALL
    SELECT
        'big_spenders' AS audience,
        person_id
    FROM customer.rfm
    WHERE monetary_score = 5
    UNION ALL
    SELECT
        'win_back' AS audience,
        person_id
    FROM customer.rfm
    WHERE segment IN ('at_risk', 'cannot_lose')
    UNION ALL
    SELECT
        'cart_reminder' AS audience,
        person_id
    FROM customer.left_carts
)
SELECT
    audience,
    person_id
FROM member
UNION ALL
SELECT
    'can_be_mailed' AS audience,
    person_id
FROM mailable
UNION ALL
SELECT
    'mail_' || member.audience AS audience,
    member.person_id
FROM member
INNER JOIN mailable
    ON mailable.person_id = member.person_id
