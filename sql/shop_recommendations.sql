-- One row a channel and rank: the twenty products that sell there lately, the best first, for visitors of whom nothing
-- is known.
--
-- Ranks products against each other, so it is a step of its own, computed whole.
--
-- channel   where order lines were sold: web, store, or guest (the web shop without an account)
-- buyers    persons with a sale line (amount > 0) of the product in the channel in the last 90 days. Persons, not units:
--           one reseller's pallet makes no bestseller. Sales without a person do not count. A product is a stock code
--           that begins with a digit
-- score     buyers, as a share of the persons who bought anything in the channel in that time
-- Sold-out products are left out (raw.inventory; a product that it does not list counts as on hand). Of as many buyers,
-- the product with more units comes first, then the one with the smaller code.
WITH sale_line AS (
    SELECT
        channel,
        stock_code,
        person_id,
        quantity
    FROM customer.orders
    WHERE person_id IS NOT NULL
        AND ts <= CAST($as_of AS TIMESTAMP)
        AND ts > CAST($as_of AS TIMESTAMP) - INTERVAL '90 days'
        AND amount > 0
        AND SUBSTR(stock_code, 1, 1) BETWEEN '0' AND '9'
),
shop AS (
    SELECT
        channel,
        COUNT(DISTINCT person_id) AS buyers
    FROM sale_line
    GROUP BY
        channel
),
sold_product AS (
    SELECT
        channel,
        stock_code,
        COUNT(DISTINCT person_id) AS buyers,
        SUM(quantity) AS units
    FROM sale_line
    GROUP BY
        channel,
        stock_code
),
ranked_product AS (
    SELECT
        sold_product.channel,
        sold_product.stock_code,
        sold_product.buyers,
        sold_product.units,
        inventory.price,
        ROW_NUMBER() OVER (
            PARTITION BY sold_product.channel
            ORDER BY sold_product.buyers DESC, sold_product.units DESC, sold_product.stock_code
        ) AS rank
    FROM sold_product
    LEFT JOIN raw.inventory
        ON inventory.stock_code = sold_product.stock_code
    WHERE COALESCE(inventory.on_hand, 1) > 0
)
SELECT
    ranked_product.channel,
    CAST(ranked_product.rank AS INT) AS rank,
    ranked_product.stock_code,
    ranked_product.price,
    ranked_product.buyers,
    ranked_product.units,
    CAST(ranked_product.buyers AS DOUBLE) / shop.buyers AS score
FROM ranked_product
INNER JOIN shop
    ON shop.channel = ranked_product.channel
WHERE ranked_product.rank <= 20
