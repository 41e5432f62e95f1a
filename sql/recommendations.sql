-- One row a person and rank: the ten products to offer, the best first.
--
-- Hangs on what everybody buys together, so it is a step of its own, computed whole.
--
-- owned     products on any line of the person's orders, sold or sent back: who has one needs no
--           second, and who returned one does not want it
-- score     the sum of the cosine of customer.item_pairs between the offered product and those that
--           the person bought (and did not send back) in the last 365 days. Of a bought product its
--           ten nearest neighbours count, by cosine, and only pairs that meet more often than by chance
--           (lift over 1)
-- because   the bought product that speaks for it most
-- price     of the offered product (raw.inventory). What is sold out is not offered; a product that the inventory does
--           not list counts as on hand, so without an inventory everything does
-- Of equal scores the product with the smaller code comes first.
WITH order_line AS (
    SELECT
        person_id,
        stock_code,
        amount,
        ts > CAST($as_of AS TIMESTAMP) - INTERVAL '365 days' AS is_recent
    FROM customer.orders
    WHERE person_id IS NOT NULL
        AND stock_code IS NOT NULL
        AND ts <= CAST($as_of AS TIMESTAMP)
),
owned AS (
    SELECT
        person_id,
        stock_code,
        SUM(amount) > 0 AND BOOL_OR(is_recent AND amount > 0) AS speaks
    FROM order_line
    GROUP BY
        person_id,
        stock_code
),
-- Both directions of each pair.
neighbour AS (
    SELECT
        item_a AS bought,
        item_b AS offered,
        cosine
    FROM customer.item_pairs
    WHERE lift > 1
    UNION ALL
    SELECT
        item_b AS bought,
        item_a AS offered,
        cosine
    FROM customer.item_pairs
    WHERE lift > 1
),
ranked_neighbour AS (
    SELECT
        bought,
        offered,
        cosine,
        ROW_NUMBER() OVER (PARTITION BY bought ORDER BY cosine DESC, offered) AS place
    FROM neighbour
),
goes_with AS (
    SELECT
        bought,
        offered,
        cosine
    FROM ranked_neighbour
    WHERE place <= 10
),
reason AS (
    SELECT
        owned.person_id,
        goes_with.offered,
        goes_with.bought,
        goes_with.cosine
    FROM owned
    INNER JOIN goes_with
        ON goes_with.bought = owned.stock_code
    LEFT ANTI JOIN owned AS had
        ON had.person_id = owned.person_id
        AND had.stock_code = goes_with.offered
    WHERE owned.speaks
),
offer AS (
    SELECT
        person_id,
        offered,
        stable_sum(cosine) AS score,
        FIRST_VALUE(bought ORDER BY cosine DESC, bought) AS because
    FROM reason
    GROUP BY
        person_id,
        offered
),
ranked_offer AS (
    SELECT
        offer.person_id,
        offer.offered,
        offer.score,
        offer.because,
        inventory.price,
        ROW_NUMBER() OVER (
            PARTITION BY offer.person_id
            ORDER BY offer.score DESC, offer.offered
        ) AS rank
    FROM offer
    LEFT JOIN raw.inventory
        ON inventory.stock_code = offer.offered
    WHERE COALESCE(inventory.on_hand, 1) > 0
)
SELECT
    person_id,
    CAST(rank AS INT) AS rank,
    offered AS stock_code,
    price,
    score,
    because
FROM ranked_offer
WHERE rank <= 10
