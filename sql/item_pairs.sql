-- One row a pair of products that are bought together often enough to tell.
--
-- Compares baskets with each other, so it is a step of its own over customer.orders, computed whole.
--
-- product     a stock code that begins with a digit; postage, manual entries and the like are none
-- basket      the products on the sale lines (amount > 0) of one invoice, each once, whoever placed it.
--             Those of more than 30 products are left out: a reseller's order says little of what goes
--             together, and its pairs would outnumber all others.
-- baskets     baskets with both; baskets_a, baskets_b: with either; baskets_all: all there are.
--             Pairs in fewer than 20 baskets are left out
-- support     baskets / baskets_all
-- confidence  of a to b: the share of the baskets with a that hold b too; of b to a likewise
-- lift        how many times more often the two meet than if neither knew of the other:
--             baskets * baskets_all / (baskets_a * baskets_b)
-- cosine      baskets / sqrt(baskets_a * baskets_b)
-- Ratios are doubles of whole numbers, so they are the same wherever they are computed.
WITH basket_item AS (
    SELECT DISTINCT
        invoice_no,
        stock_code
    FROM customer.orders
    WHERE amount > 0
        AND SUBSTR(stock_code, 1, 1) BETWEEN '0' AND '9'
        AND ts <= CAST($as_of AS TIMESTAMP)
),
basket AS (
    SELECT
        invoice_no
    FROM basket_item
    GROUP BY
        invoice_no
    HAVING COUNT(*) <= 30
),
total AS (
    SELECT
        COUNT(*) AS baskets_all
    FROM basket
),
item AS (
    SELECT
        basket_item.stock_code,
        COUNT(*) AS baskets
    FROM basket_item
    INNER JOIN basket
        ON basket.invoice_no = basket_item.invoice_no
    GROUP BY
        basket_item.stock_code
    HAVING COUNT(*) >= 20
),
-- What can be in a pair at all: a pair meets no more often than either of the two.
frequent_item AS (
    SELECT
        basket_item.invoice_no,
        basket_item.stock_code
    FROM basket_item
    INNER JOIN basket
        ON basket.invoice_no = basket_item.invoice_no
    INNER JOIN item
        ON item.stock_code = basket_item.stock_code
),
pair AS (
    SELECT
        a.stock_code AS item_a,
        b.stock_code AS item_b,
        COUNT(*) AS baskets
    FROM frequent_item AS a
    INNER JOIN frequent_item AS b
        ON b.invoice_no = a.invoice_no
        AND b.stock_code > a.stock_code
    GROUP BY
        a.stock_code,
        b.stock_code
    HAVING COUNT(*) >= 20
)
SELECT
    pair.item_a,
    pair.item_b,
    pair.baskets,
    a.baskets AS baskets_a,
    b.baskets AS baskets_b,
    total.baskets_all,
    CAST(pair.baskets AS DOUBLE) / total.baskets_all AS support,
    CAST(pair.baskets AS DOUBLE) / a.baskets AS confidence_a_b,
    CAST(pair.baskets AS DOUBLE) / b.baskets AS confidence_b_a,
    CAST(pair.baskets * total.baskets_all AS DOUBLE) / (a.baskets * b.baskets) AS lift,
    CAST(pair.baskets AS DOUBLE) / SQRT(CAST(a.baskets * b.baskets AS DOUBLE)) AS cosine
FROM pair
INNER JOIN item AS a
    ON a.stock_code = pair.item_a
INNER JOIN item AS b
    ON b.stock_code = pair.item_b
CROSS JOIN total
