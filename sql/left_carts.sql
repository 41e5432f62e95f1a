-- One row a person who looked at a product, put it into the cart and bought nothing in the 48 hours after.
--
-- A pure function of the person's own rows of customer.events; time enters through two windows alone
-- (declared in jobs/left_carts.yaml): a cart is judged when its 48 hours are over, and counts until it is
-- 14 days old.
--
-- left_carts    products left in carts; last_product, last_left_at: the latest of them
-- A purchase is the person's own, on whichever browser, of whatever product: who bought was served.
WITH event AS (
    SELECT
        person_id,
        event_type,
        event_ts,
        stock_code
    FROM customer.events
    WHERE person_id IS NOT NULL
        AND event_ts <= CAST($as_of AS TIMESTAMP)
),
cart AS (
    SELECT
        person_id,
        stock_code,
        MAX(event_ts) AS carted_at
    FROM event
    WHERE event_type = 'add_to_cart'
        AND stock_code IS NOT NULL
        AND event_ts <= CAST($as_of AS TIMESTAMP) - INTERVAL '2 days'
        AND event_ts > CAST($as_of AS TIMESTAMP) - INTERVAL '14 days'
    GROUP BY
        person_id,
        stock_code
),
looked_at AS (
    SELECT
        person_id,
        stock_code,
        MIN(event_ts) AS first_seen_at
    FROM event
    WHERE event_type = 'page_view'
        AND stock_code IS NOT NULL
    GROUP BY
        person_id,
        stock_code
),
left_cart AS (
    SELECT
        cart.person_id,
        cart.stock_code,
        cart.carted_at
    FROM cart
    INNER JOIN looked_at
        ON looked_at.person_id = cart.person_id
        AND looked_at.stock_code = cart.stock_code
        AND looked_at.first_seen_at <= cart.carted_at
    LEFT JOIN event AS purchase
        ON purchase.person_id = cart.person_id
        AND purchase.event_type = 'purchase'
        AND purchase.event_ts > cart.carted_at
        AND purchase.event_ts <= cart.carted_at + INTERVAL '48 hours'
    WHERE purchase.person_id IS NULL
)
SELECT
    person_id,
    COUNT(*) AS left_carts,
    MAX(carted_at) AS last_left_at,
    FIRST_VALUE(stock_code ORDER BY carted_at DESC, stock_code) AS last_product
FROM left_cart
GROUP BY
    person_id
