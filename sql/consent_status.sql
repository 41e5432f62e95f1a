-- One row a person who ever gave or withdrew a consent: what they agreed to last, for each purpose.
--
-- A pure function of the person's own rows of customer.consents. The latest decision wins, whichever
-- of the person's accounts, cards or addresses it came in by; of decisions in the same second a
-- withdrawal wins. NULL: never asked, which is not a consent.
WITH decision AS (
    SELECT
        person_id,
        purpose,
        action,
        ts,
        ROW_NUMBER() OVER (
            PARTITION BY person_id, purpose
            ORDER BY ts DESC, action DESC, consent_id
        ) AS age
    FROM customer.consents
    WHERE person_id IS NOT NULL
        AND ts <= CAST($as_of AS TIMESTAMP)
)
SELECT
    person_id,
    MAX(action) FILTER (WHERE purpose = 'email_marketing') = 'grant' AS email_marketing,
    MAX(action) FILTER (WHERE purpose = 'sms_marketing') = 'grant' AS sms_marketing,
    MAX(action) FILTER (WHERE purpose = 'profiling') = 'grant' AS profiling,
    MAX(ts) AS last_decision_at
FROM decision
WHERE age = 1
GROUP BY
    person_id
