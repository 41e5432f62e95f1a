SELECT person_id, sum(amount) AS total FROM customer.purchases GROUP BY person_id
