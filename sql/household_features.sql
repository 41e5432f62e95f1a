-- One row a household: who is in it and what they bought together.
--
-- A pure function of the household's own rows of customer.household_shares. Ages would change by themselves,
-- so birth dates are given.
--
-- members            persons in the household; buyers: those of them with an order (not by FILTER, which
--                    DataFusion 53 may answer wrongly where its condition is NULL)
-- oldest_born, youngest_born  the earliest and the latest birth date that is known
-- postcode           that of most members; of equally frequent ones the least
-- orders, net_revenue, spend_365_days  sums over the members (customer.order_features says what they count)
-- favourite_channel  each member's favourite counts with all of the member's orders: most orders, then most
--                    money, then the name
WITH household AS (
    SELECT
        household_id,
        COUNT(*) AS members,
        SUM(CASE WHEN orders > 0 THEN 1 ELSE 0 END) AS buyers,
        MIN(birth_date) AS oldest_born,
        MAX(birth_date) AS youngest_born,
        top_values(postcode, 1)[1] AS postcode,
        MIN(first_order_at) AS first_order_at,
        MAX(last_order_at) AS last_order_at,
        COALESCE(SUM(orders), 0) AS orders,
        COALESCE(SUM(net_revenue), 0) AS net_revenue,
        COALESCE(SUM(spend_365_days), 0) AS spend_365_days
    FROM customer.household_shares
    GROUP BY
        household_id
),
-- One row a household and channel, the favourite first.
household_channel AS (
    SELECT
        household_id,
        favourite_channel,
        ROW_NUMBER() OVER (
            PARTITION BY household_id
            ORDER BY SUM(orders) DESC, SUM(net_revenue) DESC, favourite_channel
        ) AS preference
    FROM customer.household_shares
    WHERE favourite_channel IS NOT NULL
    GROUP BY
        household_id,
        favourite_channel
)
SELECT
    household.household_id,
    household.members,
    household.buyers,
    household.oldest_born,
    household.youngest_born,
    household.postcode,
    household.first_order_at,
    household.last_order_at,
    household.orders,
    CAST(household.net_revenue AS DECIMAL(18, 3)) AS net_revenue,
    CAST(household.spend_365_days AS DECIMAL(18, 3)) AS spend_365_days,
    household_channel.favourite_channel
FROM household
LEFT JOIN household_channel
    ON household_channel.household_id = household.household_id
    AND household_channel.preference = 1
