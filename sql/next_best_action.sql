-- One row a person and rank: the offers to make, the best first, at most three; or why none is made, in one row
-- without an offer.
--
-- What an offer's acceptance is judged by is what everybody answered, so it is a whole-table step. An offer is made to
-- whom it is for, may be told of it, was not told of it too often, and was not told of too much.
--
-- eligible      the offer is valid at $as_of (raw.offers); the person is in its audience, where it has one
--               (customer.audiences); its product, where it has one, is not sold out (raw.inventory; what that does not
--               list is on hand) and on none of the person's order lines: who has one needs no second, and who
--               returned one does not want it
-- allowed       the person agreed last to what the channel takes (customer.consent_status) and can be reached:
--               email takes email_marketing and an address, sms takes sms_marketing and a telephone, web takes profiling
-- capped        the person was contacted about the offer cap_contacts times or more in the last cap_days days
-- pressed       the person was contacted three times or more in the last 30 days, about whatever offer
-- probability   the offer's acceptance rate times the chance that the person is still a customer (alive_probability of
--               customer.lifetime_value; 1 of whoever never ordered or where there is no model). The rate is
--               (accepted + 1) / (contacts + 20) of customer.contacts, so an offer that nobody was told of begins at 1 in
--               20 and answers take over as they come
-- expected_value
--               probability times the offer's value. Offers are ranked by it as it is shown, then by their priority,
--               then by their number
-- reason        of an offer: recommended (its product is in customer.recommendations for the person), in_audience, or
--               for_everybody. Without one, the first that holds:
--                   nothing_eligible   no offer is eligible
--                   no_consent         none of these is allowed
--                   offer_capped       all of these are capped
--                   contact_pressure   the person is pressed
--                   hold_out           the person is in hold_out of the experiment next_best_action
--                                      (customer.experiment_groups). Since it is asked last, these are persons who would
--                                      have got an offer: compare them with those who did
-- Probability and expected value are rounded half up to four places.
WITH contact AS (
    SELECT
        person_id,
        offer_id,
        accepted,
        (
            EXTRACT(EPOCH FROM CAST($as_of AS TIMESTAMP))
            - EXTRACT(EPOCH FROM ts)
        ) / 86400 AS age_days
    FROM customer.contacts
    WHERE ts <= CAST($as_of AS TIMESTAMP)
),
answered_offer AS (
    SELECT
        offer_id,
        COUNT(*) AS contacts,
        COUNT(*) FILTER (WHERE accepted IS TRUE) AS accepted
    FROM contact
    GROUP BY
        offer_id
),
open_offer AS (
    SELECT
        offers.offer_id,
        offers.channel,
        offers.audience,
        offers.stock_code,
        offers.value,
        offers.priority,
        offers.cap_contacts,
        offers.cap_days,
        (COALESCE(answered_offer.accepted, 0) + CAST(1 AS DOUBLE))
        / (COALESCE(answered_offer.contacts, 0) + 20) AS acceptance_rate
    FROM raw.offers
    LEFT JOIN answered_offer
        ON answered_offer.offer_id = offers.offer_id
    LEFT JOIN raw.inventory
        ON inventory.stock_code = offers.stock_code
    WHERE offers.valid_from <= CAST($as_of AS TIMESTAMP)
        AND (offers.valid_to IS NULL OR offers.valid_to > CAST($as_of AS TIMESTAMP))
        AND COALESCE(inventory.on_hand, 1) > 0
),
-- How often a person was told of an offer within its days.
told_offer AS (
    SELECT
        contact.person_id,
        contact.offer_id,
        COUNT(*) AS times
    FROM contact
    INNER JOIN open_offer
        ON open_offer.offer_id = contact.offer_id
    WHERE contact.age_days < open_offer.cap_days
    GROUP BY
        contact.person_id,
        contact.offer_id
),
pressed_person AS (
    SELECT
        person_id
    FROM contact
    WHERE person_id IS NOT NULL
        AND age_days < 30
    GROUP BY
        person_id
    HAVING COUNT(*) >= 3
),
had_product AS (
    SELECT DISTINCT
        person_id,
        stock_code
    FROM customer.orders
    WHERE person_id IS NOT NULL
        AND ts <= CAST($as_of AS TIMESTAMP)
        AND stock_code IN (SELECT stock_code FROM open_offer)
),
person AS (
    SELECT
        profiles.person_id,
        COALESCE(consent_status.email_marketing, FALSE) AND profiles.email IS NOT NULL AS email_allowed,
        COALESCE(consent_status.sms_marketing, FALSE) AND profiles.phone IS NOT NULL AS sms_allowed,
        COALESCE(consent_status.profiling, FALSE) AS web_allowed,
        CAST(COALESCE(lifetime_value.alive_probability, 1) AS DOUBLE) AS alive_probability,
        pressed_person.person_id IS NOT NULL AS is_pressed,
        held_out.person_id IS NOT NULL AS is_held_out
    FROM customer.profiles
    LEFT JOIN customer.consent_status
        ON consent_status.person_id = profiles.person_id
    LEFT JOIN customer.lifetime_value
        ON lifetime_value.person_id = profiles.person_id
    LEFT JOIN pressed_person
        ON pressed_person.person_id = profiles.person_id
    LEFT JOIN customer.experiment_groups AS held_out
        ON held_out.person_id = profiles.person_id
        AND held_out.experiment = 'next_best_action'
        AND held_out.group_name = 'hold_out'
),
eligible_offer AS (
    SELECT
        person.person_id,
        open_offer.offer_id,
        open_offer.channel,
        open_offer.audience,
        open_offer.stock_code,
        open_offer.value,
        open_offer.priority,
        CASE open_offer.channel
            WHEN 'email' THEN person.email_allowed
            WHEN 'sms' THEN person.sms_allowed
            ELSE person.web_allowed
        END AS is_allowed,
        COALESCE(told_offer.times, 0) >= open_offer.cap_contacts AS is_capped,
        open_offer.acceptance_rate * person.alive_probability AS probability
    FROM person
    CROSS JOIN open_offer
    LEFT JOIN customer.audiences AS member
        ON member.person_id = person.person_id
        AND member.audience = open_offer.audience
    LEFT JOIN had_product
        ON had_product.person_id = person.person_id
        AND had_product.stock_code = open_offer.stock_code
    LEFT JOIN told_offer
        ON told_offer.person_id = person.person_id
        AND told_offer.offer_id = open_offer.offer_id
    WHERE (open_offer.audience IS NULL OR member.person_id IS NOT NULL)
        AND had_product.person_id IS NULL
),
-- What there is for a person, and what keeps them from it.
judged_person AS (
    SELECT
        person.person_id,
        CASE
            WHEN COUNT(eligible_offer.offer_id) = 0 THEN 'nothing_eligible'
            WHEN COUNT(*) FILTER (WHERE eligible_offer.is_allowed) = 0 THEN 'no_consent'
            WHEN COUNT(*) FILTER (WHERE eligible_offer.is_allowed AND NOT eligible_offer.is_capped) = 0
                THEN 'offer_capped'
            WHEN BOOL_OR(person.is_pressed) THEN 'contact_pressure'
            WHEN BOOL_OR(person.is_held_out) THEN 'hold_out'
        END AS refusal
    FROM person
    LEFT JOIN eligible_offer
        ON eligible_offer.person_id = person.person_id
    GROUP BY
        person.person_id
),
valued_offer AS (
    SELECT
        eligible_offer.person_id,
        eligible_offer.offer_id,
        eligible_offer.channel,
        eligible_offer.stock_code,
        eligible_offer.value,
        eligible_offer.priority,
        CAST(eligible_offer.probability AS DECIMAL(18, 4)) AS probability,
        CAST(
            eligible_offer.probability * CAST(eligible_offer.value AS DOUBLE) AS DECIMAL(18, 4)
        ) AS expected_value,
        CASE
            WHEN recommended.person_id IS NOT NULL THEN 'recommended'
            WHEN eligible_offer.audience IS NOT NULL THEN 'in_audience'
            ELSE 'for_everybody'
        END AS reason
    FROM eligible_offer
    INNER JOIN judged_person
        ON judged_person.person_id = eligible_offer.person_id
    LEFT JOIN customer.recommendations AS recommended
        ON recommended.person_id = eligible_offer.person_id
        AND recommended.stock_code = eligible_offer.stock_code
    WHERE judged_person.refusal IS NULL
        AND eligible_offer.is_allowed
        AND NOT eligible_offer.is_capped
),
ranked_offer AS (
    SELECT
        person_id,
        ROW_NUMBER() OVER (
            PARTITION BY person_id
            ORDER BY expected_value DESC, priority, offer_id
        ) AS rank,
        offer_id,
        channel,
        stock_code,
        probability,
        value,
        expected_value,
        reason
    FROM valued_offer
)
SELECT
    judged_person.person_id,
    CAST(COALESCE(ranked_offer.rank, 1) AS INT) AS rank,
    ranked_offer.offer_id,
    ranked_offer.channel,
    ranked_offer.stock_code,
    ranked_offer.probability,
    ranked_offer.value,
    ranked_offer.expected_value,
    COALESCE(ranked_offer.reason, judged_person.refusal) AS reason
FROM judged_person
LEFT JOIN ranked_offer
    ON ranked_offer.person_id = judged_person.person_id
    AND ranked_offer.rank <= 3
