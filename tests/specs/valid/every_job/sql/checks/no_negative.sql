SELECT * FROM customer.totals WHERE total < 0
