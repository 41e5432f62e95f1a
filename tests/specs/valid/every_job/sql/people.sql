SELECT person_id FROM customer.profiles
