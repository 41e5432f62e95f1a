-- One row a person who is in a household: what customer.household_features adds up.
--
-- A pure function of the person's own rows. It names both the person and the household, so that what changes
-- for a person is recomputed for one household: a SELECT by household cannot see whose an order is.
--
-- The figures are those of customer.order_features; NULL: the person never had an order line.
SELECT
    household_members.person_id,
    household_members.household_id,
    profiles.birth_date,
    profiles.postcode,
    order_features.first_order_at,
    order_features.last_order_at,
    order_features.orders,
    order_features.net_revenue,
    order_features.spend_365_days,
    order_features.favourite_channel
FROM customer.household_members
LEFT JOIN customer.profiles
    ON profiles.person_id = household_members.person_id
LEFT JOIN customer.order_features
    ON order_features.person_id = household_members.person_id
